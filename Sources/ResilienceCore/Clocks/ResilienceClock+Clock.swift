// What a clock of this package needs to be one of Swift's: it declares the conformance to `Clock`, and has
// the rest.

extension ResilienceClock where Self: Clock, Self.Instant == ResilienceCore.Instant {
  /// The smallest distance of two instants: a nanosecond.
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// Suspends the current task until `deadline`, for code that takes an `any Clock<Duration>`.
  ///
  /// - Parameters:
  ///   - deadline: When to resume; one in the past gives way to what else is runnable.
  ///   - tolerance: Of no effect: these clocks are as exact as they can be.
  /// - Throws: `CancellationError` as soon as the task is cancelled, also when it was before the call.
  public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    try await sleep(until: deadline)
  }
}

extension SystemClock: Clock {}
