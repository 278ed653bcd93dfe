internal import ResilienceCore

/// Lets one after the other remove or replace segments.
final class MaintenanceTurn: Sendable {
  private struct State {
    var isTaken = false
    var waiting = FIFO<Waiter>()
  }

  private let state = Lock(State())

  func tryTake() -> Bool {
    state.withLock { state in
      defer { state.isTaken = true }
      return !state.isTaken
    }
  }

  /// - Throws: `CancellationError` when cancelled before the turn comes.
  func take(isolation: isolated (any Actor)? = #isolation) async throws {
    let waiter = Waiter("Journal maintenance")
    let isTaken = state.withLock { state in
      if state.isTaken { state.waiting.append(waiter) }
      defer { state.isTaken = true }
      return state.isTaken
    }
    guard isTaken else { return }
    guard await waiter.wait() == .granted else { throw CancellationError() }
  }

  func give() {
    while true {
      let next: Waiter? = state.withLock { state in
        let next = state.waiting.popFirst()
        if next == nil { state.isTaken = false }
        return next
      }
      guard let next, !next.grant() else { return }
    }
  }
}
