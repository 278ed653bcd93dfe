internal import ResilienceCore

/// The live state of one direction between two nodes.
final class NetworkWire: Sendable {
  private struct State {
    var link: NetworkLink
    var loss: Rate
    var duplication: Rate
    var partitions: [TimeWindow]
    var isCut = false
    var sent = 0
    var lost = 0
    var duplicated = 0
  }

  private let name: String
  private let state: Lock<State>

  init(_ name: String, _ link: NetworkLink) {
    self.name = name
    state = Lock(Self.compiled(name, link))
  }

  var counts: (sent: Int, lost: Int, duplicated: Int) {
    state.withLock { ($0.sent, $0.lost, $0.duplicated) }
  }

  func setLink(_ link: NetworkLink) {
    let compiled = Self.compiled(name, link)
    state.withLock { state in
      state.link = compiled.link
      state.loss = compiled.loss
      state.duplication = compiled.duplication
      state.partitions = compiled.partitions
    }
  }

  func cut(_ isCut: Bool) {
    state.withLock { $0.isCut = isCut }
  }

  /// How long the message sent now takes; `nil` when it never arrives.
  func send(at now: Instant, drawing draw: () -> UInt64) -> Int64? {
    state.withLock { state in
      state.sent += 1
      let isPartitioned = state.isCut || state.partitions.contains { $0.contains(now.nanoseconds) }
      if isPartitioned || state.loss.happens(drawing: draw) {
        state.lost += 1
        return nil
      }
      return state.link.delay.nanoseconds(drawing: draw)
    }
  }

  /// Whether the message sent now arrives a second time, and after how long; `nil` when it does not.
  func duplicate(drawing draw: () -> UInt64) -> Int64? {
    state.withLock { state in
      // Without it nothing is drawn, so that a seed means the same.
      guard state.link.duplication > 0, !state.isCut, state.duplication.happens(drawing: draw) else {
        return nil
      }
      state.duplicated += 1
      return state.link.delay.nanoseconds(drawing: draw)
    }
  }

  /// Carries one message. A lost one is silence: nobody is told, and the wait ends when the caller gives up.
  nonisolated(nonsending) func carry(_ context: CallContext) async throws {
    if let delay = send(at: context.readClock(), drawing: context.random) {
      try await context.clock.sleep(for: .nanoseconds(delay))
    } else {
      try await Waiter("SimulatedNetwork: a message was lost").waitForCancellation()
    }
  }

  private static func compiled(_ name: String, _ link: NetworkLink) -> State {
    State(
      link: link, loss: Rate(link.loss, of: "messages lost on \(name)"),
      duplication: Rate(link.duplication, of: "requests duplicated on \(name)"),
      partitions: link.partitions.map { TimeWindow($0) })
  }
}
