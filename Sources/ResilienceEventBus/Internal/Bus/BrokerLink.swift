internal import ResilienceCore

/// What one group of a bus has to do with the bus's broker: what is to be settled, and who does it.
final class BrokerLink: Sendable {
  let broker: any EventBroker
  let group: BrokerGroup

  private struct State {
    var settlements: [BrokerSettlement] = []
    var settler: Waiter?
    var isClosing = false
    var lastError: String?
  }

  private let state = Lock(State())

  init(_ broker: any EventBroker, _ group: BrokerGroup) {
    self.broker = broker
    self.group = group
  }

  /// What the broker said last, if it failed.
  var lastError: String? { state.withLock { $0.lastError } }

  var isClosing: Bool { state.withLock { $0.isClosing } }

  func note(_ error: (any Error)?) {
    let text = error.map { "\($0)" }
    state.withLock { $0.lastError = text }
  }

  func open() {
    state.withLock { $0.isClosing = false }
  }

  /// Has the session end once all is settled.
  ///
  /// - Returns: Whom to wake, once no lock is held.
  func close() -> Waiter? {
    state.withLock { state in
      state.isClosing = true
      return state.settler.take()
    }
  }

  /// - Returns: Whom to wake, once no lock is held.
  func settle(_ settlement: BrokerSettlement) -> Waiter? {
    state.withLock { state in
      state.settlements.append(settlement)
      return state.settler.take()
    }
  }

  enum Work {
    case settle([BrokerSettlement])
    case wait(Waiter)
    case end
  }

  /// What is to be settled, all of it at once.
  func takeSettlements() -> Work {
    state.withLock { state in
      if !state.settlements.isEmpty {
        defer { state.settlements = [] }
        return .settle(state.settlements)
      }
      if state.isClosing { return .end }
      let waiter = Waiter("EventBus broker")
      state.settler = waiter
      return .wait(waiter)
    }
  }

  /// Settlements that the broker did not take.
  func putBack(_ settlements: [BrokerSettlement]) {
    state.withLock { $0.settlements = settlements + $0.settlements }
  }

  /// Forgets what belongs to a session that has ended.
  func forgetSettlements() {
    state.withLock { $0.settlements = [] }
  }
}

/// Where a message of a broker came from.
final class BrokerOrigin: Sendable {
  let link: BrokerLink
  let receipt: BrokerReceipt

  init(_ link: BrokerLink, _ receipt: BrokerReceipt) {
    self.link = link
    self.receipt = receipt
  }
}
