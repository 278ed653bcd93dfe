internal import ResilienceCore

/// One group of a mirrored broker: what comes from both sides is one group in memory, which consumers share.
///
/// Nothing runs by itself: a consumer that waits reads both sides meanwhile.
final class MirrorGroup: Sendable {
  private struct State {
    var table: MirrorTable
    /// One session for each side.
    var consumers: [MirrorSide: any BrokerConsumer] = [:]
    /// Settlements that a side has failed.
    var unfinished: [MirrorSide: [(held: MirrorTable.Held, outcome: BrokerSettlement.Outcome)]] = [:]
    var isRemoved = false
  }

  static let retryDelay = Duration.seconds(1)

  let group: BrokerGroup
  let front: LogBroker
  private let sides: [MirrorHealth]
  private let window: Int
  private let state: Lock<State>
  private let turns = [MaintenanceTurn(), MaintenanceTurn()]

  /// - Parameter table: What was settled before the group's last consumer left, if it had any.
  init(
    _ group: BrokerGroup, _ sides: [MirrorHealth], _ policy: BrokerPolicy, window: Int, table: MirrorTable?
  ) {
    self.group = group
    self.sides = sides
    self.window = policy.window
    state = Lock(State(table: table ?? MirrorTable(window: window)))
    let reference = MirrorReference()
    let log = MirrorLog { event, outcome in try await reference.group?.settle(event, outcome) }
    front = LogBroker("", policy, log, BrokerState(policy))
    reference.group = self
  }

  var duplicates: Int { state.withLock { $0.table.duplicates } }

  /// What was settled; see ``MirrorTable/settled``.
  var settled: MirrorTable { state.withLock { $0.table.settled } }

  // MARK: - Sessions

  /// Joins both sides; one of them will do.
  func joinSides() async throws {
    var failure: (any Error)?
    var isJoined = false
    for side in sides {
      do {
        _ = try await consumer(of: side)
        isJoined = true
      } catch let error as BrokerGroupConflict {
        throw error
      } catch {
        side.failed(error)
        failure = failure ?? error
      }
    }
    if let failure, !isJoined { throw failure }
  }

  private func consumer(of side: MirrorHealth) async throws -> any BrokerConsumer {
    if let consumer = state.withLock({ $0.consumers[side.side] }) { return consumer }
    let consumer = try await side.broker.join(group)
    let other: (any BrokerConsumer)? = state.withLock { state in
      if let other = state.consumers[side.side] { return other }
      state.consumers[side.side] = consumer
      return nil
    }
    guard let other else { return consumer }
    try? await consumer.leave()
    return other
  }

  func heartbeat() async {
    for side in sides {
      guard let consumer = state.withLock({ $0.consumers[side.side] }) else { continue }
      do {
        try await consumer.heartbeat()
      } catch is BrokerSessionEnded {
        state.withLock { $0.consumers[side.side] = nil }
      } catch {
        side.failed(error)
      }
    }
  }

  func leaveSides(removing: Bool = false) async {
    let consumers = state.withLock { state in
      if removing { state.isRemoved = true }
      defer { state.consumers = [:] }
      return state.consumers
    }
    for side in sides { try? await consumers[side.side]?.leave() }
  }

  // MARK: - From the sides

  /// Reads one side until it is cancelled; one after the other does.
  func pump(_ side: MirrorHealth) async {
    let turn = turns[side.side.index]
    guard (try? await turn.take()) != nil else { return }
    defer { turn.give() }
    while !Task.isCancelled, !state.withLock({ $0.isRemoved }) {
      do {
        try await finishSettling(side)
        guard front.snapshot().groups.allSatisfy({ $0.lag < window }) else {
          try await CallContext.current.clock.sleep(for: .milliseconds(20))
          continue
        }
        let consumer = try await consumer(of: side)
        let deliveries = try await consumer.receive(limit: 64)
        side.worked()
        await add(deliveries, from: side, consumer)
      } catch is CancellationError {
        return
      } catch is BrokerSessionEnded {
        state.withLock { $0.consumers[side.side] = nil }
      } catch {
        side.failed(error)
        state.withLock { $0.consumers[side.side] = nil }
        try? await CallContext.current.clock.sleep(for: Self.retryDelay)
      }
    }
  }

  private func add(
    _ deliveries: [BrokerDelivery], from side: MirrorHealth, _ consumer: any BrokerConsumer
  ) async {
    for delivery in deliveries {
      let held = MirrorTable.Held(side: side.side, consumer: consumer, receipt: delivery.receipt)
      switch state.withLock({ $0.table.arrive(MirrorTable.Key(delivery.event), held) }) {
      case .known: break
      case .settled(let outcome): await settle(held, outcome)
      case .new:
        let stored = BrokerRecord.StoredEvent(
          event: delivery.event, target: group.name, history: delivery.history,
          deliveries: delivery.deliveries)
        _ = try? await front.append([.event(stored)])
      }
    }
    front.wakeAll()
    await front.maintainIfDue()
  }

  // MARK: - To the sides

  /// - Throws: When no side that had the event has settled it.
  private func settle(_ event: EncodedEvent, _ outcome: BrokerSettlement.Outcome) async throws {
    let key = MirrorTable.Key(event)
    let known = state.withLock { $0.table.held(key) }
    var failed: [MirrorTable.Held] = []
    var failure: (any Error)?
    for held in known {
      do {
        try await held.consumer.settle([BrokerSettlement(held.receipt, outcome)])
        sides[held.side.index].worked()
      } catch {
        sides[held.side.index].failed(error)
        failed.append(held)
        failure = failure ?? error
      }
    }
    if let failure, failed.count == known.count { throw failure }
    let late = state.withLock { state in
      for held in failed { state.unfinished[held.side, default: []].append((held, outcome)) }
      return state.table.settle(key, outcome, beside: known)
    }
    for held in late { await settle(held, outcome) }
  }

  private func settle(_ held: MirrorTable.Held, _ outcome: BrokerSettlement.Outcome) async {
    do {
      try await held.consumer.settle([BrokerSettlement(held.receipt, outcome)])
    } catch {
      sides[held.side.index].failed(error)
      state.withLock { $0.unfinished[held.side, default: []].append((held, outcome)) }
    }
  }

  private func finishSettling(_ side: MirrorHealth) async throws {
    while let next = state.withLock({ $0.unfinished[side.side]?.first }) {
      try await next.held.consumer.settle([BrokerSettlement(next.held.receipt, next.outcome)])
      state.withLock { _ = $0.unfinished[side.side]?.removeFirst() }
    }
  }

  /// It is to be handed out once more.
  func forget(_ event: EncodedEvent) { state.withLock { $0.table.forget(MirrorTable.Key(event)) } }
}

/// The group that a log belongs to, which is made after it.
private final class MirrorReference: Sendable {
  private struct Box: Sendable {
    weak var group: MirrorGroup?
  }

  private let box = Lock(Box())

  var group: MirrorGroup? {
    get { box.withLock { $0.group } }
    set { box.withLock { $0.group = newValue } }
  }
}
