internal import ResilienceCore

/// The live state of one direction between two nodes.
final class NetworkWire: Sendable {
  private struct State {
    var link: NetworkLink
    var loss: Rate
    var partitions: [TimeWindow]
    var isCut = false
    var sent = 0
    var lost = 0
  }

  private let name: String
  private let state: Lock<State>

  init(_ name: String, _ link: NetworkLink) {
    self.name = name
    state = Lock(Self.compiled(name, link))
  }

  var counts: (sent: Int, lost: Int) { state.withLock { ($0.sent, $0.lost) } }

  func setLink(_ link: NetworkLink) {
    let compiled = Self.compiled(name, link)
    state.withLock { state in
      state.link = compiled.link
      state.loss = compiled.loss
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
      partitions: link.partitions.map { TimeWindow($0) })
  }
}
