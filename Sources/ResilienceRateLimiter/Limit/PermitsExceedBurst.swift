public import ResilienceCore

/// A call was not made, because it asked for more permits than the limiter ever holds: it could wait for ever.
public struct PermitsExceedBurst: Rejection, Hashable {
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

extension PermitsExceedBurst: CustomStringConvertible {
  /// Names the limiter and both numbers.
  public var description: String {
    "\(permits) permits were asked of rate limiter \"\(limiter)\", which never holds more than its burst of \(burst)"
  }
}
