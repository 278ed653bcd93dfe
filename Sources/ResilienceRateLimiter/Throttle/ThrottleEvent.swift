public import ResilienceCore

/// A call was held back.
public struct ThrottleEvent: ResilienceEvent, Hashable {
  /// The throttle's name.
  public let throttle: String

  /// How probable it was, 0 to 1.
  public let rejectionProbability: Double

  /// When.
  public let instant: Instant

  /// Creates an event.
  public init(throttle: String, rejectionProbability: Double, instant: Instant) {
    self.throttle = throttle
    self.rejectionProbability = rejectionProbability
    self.instant = instant
  }

  /// `throttle.rejected`.
  public var name: String { "throttle.rejected" }

  /// The throttle's name and the probability.
  public var attributes: [EventAttribute] {
    [
      EventAttribute("throttle", .string(throttle)),
      EventAttribute("rejection_probability", .number(rejectionProbability)),
    ]
  }
}
