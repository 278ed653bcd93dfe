public import ResilienceCore

/// A limiter's answer.
public enum RateLimitDecision: Sendable, Hashable {
  /// The permits were taken; go ahead.
  case acquired

  /// Nothing was taken. Trying again can succeed at `retryAt` at the earliest; `nil` when it never can.
  case refused(retryAt: Instant?)

  /// Nothing was taken, and never will be: fewer permits than none were asked for, or more than the limiter
  /// ever holds.
  case impossible
}

extension RateLimitDecision {
  /// How long to wait from `now` before trying again can succeed: what a `Retry-After` header says.
  ///
  /// - Returns: Zero or more; `nil` when the permits were taken, and when trying again never succeeds.
  public func retryAfter(at now: Instant) -> Duration? {
    guard case .refused(let retryAt?) = self else { return nil }
    return .nanoseconds(max(0, now.nanoseconds(to: retryAt)))
  }
}
