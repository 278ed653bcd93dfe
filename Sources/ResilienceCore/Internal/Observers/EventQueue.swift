/// Delivers an object's events to its `onEvent` after the object's lock is released, in order, once each.
///
/// The object calls ``enqueue(_:)`` while it still holds its own lock, so that the order is that of its
/// decisions, and ``drain()`` after releasing it. One thread delivers at a time; a callback that triggers
/// further events has them delivered after it returns, so it cannot re-enter. Free when nobody listens.
package final class EventQueue<Event: Sendable>: Sendable {
  private struct State {
    var pending: [Event] = []
    var isDraining = false
  }

  private let state = Lock(State())
  private let onEvent: (@Sendable (Event) -> Void)?

  package init(_ onEvent: (@Sendable (Event) -> Void)?) {
    self.onEvent = onEvent
  }

  package func enqueue(_ event: @autoclosure () -> Event) {
    guard onEvent != nil else { return }
    let event = event()
    state.withLock { $0.pending.append(event) }
  }

  package func drain() {
    guard let onEvent else { return }
    var mayDrain = state.withLock { state in
      defer { state.isDraining = true }
      return !state.isDraining
    }
    while mayDrain {
      let batch: [Event] = state.withLock { state in
        defer { state.pending.removeAll() }
        if state.pending.isEmpty { state.isDraining = false }
        return state.pending
      }
      batch.forEach(onEvent)
      mayDrain = !batch.isEmpty
    }
  }
}
