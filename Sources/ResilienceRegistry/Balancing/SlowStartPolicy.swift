internal import ResilienceCore

/// How slowly an instance that joins, or comes back, gets its share: caches are cold, and connections not
/// there yet.
///
/// Envoy's formula: in the window its share is scaled by
/// `max(minimumShare, (max(age, 1 s) / window) ^ (1 / aggression))`. Of instances that are all new, none is
/// held back.
public struct SlowStartPolicy: Sendable, Hashable {
  /// How long it takes until an instance gets its whole share.
  public let window: Duration

  /// The least part of its share that it gets meanwhile.
  public let minimumShare: Double

  /// How the share grows: in proportion to the age with 1, faster at first with more, slower at first with
  /// less.
  public let aggression: Double

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - window: How long it takes until an instance gets its whole share, more than 0 s. Default: 1 min.
  ///   - minimumShare: The least part of its share, 0 to 1; it is also how soon it is known whether the
  ///     instance is any good. Default: 0.1, as Envoy.
  ///   - aggression: The exponent's inverse, 0.01 to 100. Default: 1, as Envoy: in proportion to the age.
  public init(window: Duration = .seconds(60), minimumShare: Double = 0.1, aggression: Double = 1) {
    self.window = window
    self.minimumShare = minimumShare
    self.aggression = aggression
    if let fault { preconditionFailure("a slow start's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(window > .zero, "window", window, "more than 0s")
      ?? .outside(0...1, "minimumShare", minimumShare)
      ?? .outside(0.01...100, "aggression", aggression)
  }

  /// What an instance's share is scaled by when it is so old.
  public func factor(age: Duration) -> Double {
    SlowStart(self).factor(ageNanoseconds: age.clampedNanoseconds)
  }
}
