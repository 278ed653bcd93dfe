import ResilienceCore
import Synchronization

/// A service's few workers, one queue in front of them: what makes a service slow when too much is asked of
/// it.
final class Workers: Sendable {
  private let freeAt: Mutex<[Instant]>

  init(_ count: Int) {
    freeAt = Mutex(Array(repeating: Instant(nanoseconds: 0), count: count))
  }

  /// Waits in the queue, then for the work itself. The work is done even if the caller has left.
  func work(for duration: Duration) async throws {
    let context = CallContext.current
    let now = context.readClock()
    let done = freeAt.withLock { freeAt in
      let next = freeAt.indices.min { freeAt[$0] < freeAt[$1] } ?? 0
      freeAt[next] = max(now, freeAt[next]).advanced(by: duration)
      return freeAt[next]
    }
    try await context.clock.sleep(until: done)
  }
}
