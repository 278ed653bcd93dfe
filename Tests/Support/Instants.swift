package import ResilienceCore

extension Instant {
  /// Seconds since the clock's zero point.
  package static func s(_ seconds: Double) -> Instant {
    Instant(nanoseconds: Int64((seconds * 1_000_000_000).rounded()))
  }

  /// Milliseconds since the clock's zero point.
  package static func milliseconds(_ value: Int64) -> Instant { Instant(nanoseconds: value * 1_000_000) }

  /// Nanoseconds since the clock's zero point.
  package static func ns(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }
}

extension CallContext {
  /// What a call made here starts from, with a deadline.
  package static func current(deadline: Instant) -> CallContext {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: deadline))
    return context
  }
}

/// Waits whatever happens to the task, as a driver that knows no cancellation does.
package func uninterrupted(for duration: Duration) async {
  let clock = CallContext.current.clock
  await withUnsafeContinuation { continuation in
    _ = clock.schedule(at: clock.now.advanced(by: duration)) { continuation.resume() }
  }
}
