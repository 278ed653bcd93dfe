import Foundation
import Resilience
import Synchronization

/// Counts what this process handles, and kills it at the number that a test has asked for.
final class DurableProgress: Sendable {
  private struct State {
    var handled = 0
    var resumed: Set<String> = []
  }

  private let began = CallContext.current.clock.unixTime
  private let killAfter: Int?
  private let state = Mutex(State())

  init(killAfter: Int?) {
    self.killAfter = killAfter
  }

  /// Events that this process has handled.
  var handled: Int { state.withLock { $0.handled } }

  /// Events of earlier processes that this one has handled.
  var resumed: Int { state.withLock { $0.resumed.count } }

  func begin(_ event: EventEnvelope) {
    if event.time < began { state.withLock { _ = $0.resumed.insert(event.id) } }
  }

  /// The deeds are done, and the bus does not know it yet: the worst moment for a crash.
  func end() {
    let handled = state.withLock { state in
      state.handled += 1
      return state.handled
    }
    if handled == killAfter { kill(getpid(), SIGKILL) }
  }
}
