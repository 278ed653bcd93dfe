public import ResilienceCore

/// A call was not made, because its destination refuses too many.
public struct Throttled: Rejection, Hashable {
  /// The throttle's name.
  public let throttle: String

  /// How probable it was that the call would be held back, 0 to 1.
  public let rejectionProbability: Double

  /// `nil`: the destination is overloaded, and whoever tries again at once undoes what the throttle does.
  public var retryAt: Instant? { nil }

  /// Creates a rejection.
  public init(throttle: String, rejectionProbability: Double) {
    self.throttle = throttle
    self.rejectionProbability = rejectionProbability
  }
}

extension Throttled: CustomStringConvertible {
  /// Names the throttle and the share of calls that is held back.
  public var description: String {
    let percent = (rejectionProbability * 1000).rounded() / 10
    return """
      throttle "\(throttle)" holds back \(percent) % of its calls, because their destination refuses too many; do not \
      try again at once
      """
  }
}
