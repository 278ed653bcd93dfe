public import ResilienceCore

/// A call was not made, because it asked for a number of permits that its limiter never gives: fewer than
/// none, or more than it ever holds.
///
/// What an input computes may be anything: such a number is refused, not trapped on. 0 permits are always
/// given.
public struct ImpossiblePermits: Rejection, Hashable {
  /// The limiter's name.
  public let limiter: String

  /// What was asked for.
  public let permits: Int

  /// The most that can be taken at once.
  public let burst: Int

  /// `nil`: trying again never succeeds.
  public var retryAt: Instant? { nil }

  /// Creates a rejection.
  public init(limiter: String, permits: Int, burst: Int) {
    self.limiter = limiter
    self.permits = permits
    self.burst = burst
  }
}

extension ImpossiblePermits: CustomStringConvertible {
  /// Names the limiter, what can be asked for, and what was.
  public var description: String {
    "rate limiter \"\(limiter)\" refused a call: its permits must be in 0 ... \(burst), was \(permits)"
  }
}
