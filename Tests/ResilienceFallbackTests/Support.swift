import ResilienceCore
import ResilienceTestKit

struct Failure: Error, Hashable {
  var number = 0
}

struct Refusal: Rejection, Hashable {
  var retryAt: Instant?
  var isRetryable = true
}

extension Instant {
  static func milliseconds(_ value: Int64) -> Instant { Instant(nanoseconds: value * 1_000_000) }
}

extension CallContext {
  /// What a call made here starts from, with a deadline.
  static func current(deadline: Instant) -> CallContext {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: deadline))
    return context
  }
}

/// Waits whatever happens to the task, as a driver that knows no cancellation does.
func uninterrupted(for duration: Duration) async {
  let clock = CallContext.current.clock
  await withUnsafeContinuation { continuation in
    _ = clock.schedule(at: clock.now.advanced(by: duration)) { continuation.resume() }
  }
}
