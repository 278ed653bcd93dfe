public import ResilienceCore

/// A limiter's answer.
@frozen
public enum RateLimitDecision: Sendable, Hashable {
  /// The permits were taken; go ahead.
  case acquired

  /// Nothing was taken. Trying again can succeed at `retryAt` at the earliest; `nil` when it never can.
  case refused(retryAt: Instant?)

  /// More permits were asked for than the bucket ever holds.
  case exceedsBurst
}
