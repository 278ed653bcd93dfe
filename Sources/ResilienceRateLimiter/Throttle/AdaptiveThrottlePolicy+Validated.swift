public import ResilienceCore

extension AdaptiveThrottlePolicy {
  /// Creates a policy from values that come from outside, with the parameters and defaults of
  /// ``init(multiplier:window:probes:refusals:)``.
  ///
  /// - Throws: `InvalidSetting` for the first value that is out of its range, where the initialiser traps.
  public static func validated(
    multiplier: Double = AdaptiveThrottlePolicy().multiplier,
    window: Duration = AdaptiveThrottlePolicy().window, probes: Int = AdaptiveThrottlePolicy().probes,
    refusals: Refusals = AdaptiveThrottlePolicy().refusals
  ) throws(InvalidSetting) -> AdaptiveThrottlePolicy {
    let policy = AdaptiveThrottlePolicy(
      unchecked: multiplier, window: window, probes: probes, refusals: refusals)
    if let fault = policy.fault { throw fault }
    return policy
  }

  private init(unchecked multiplier: Double, window: Duration, probes: Int, refusals: Refusals) {
    self.multiplier = multiplier
    self.window = window
    self.probes = probes
    self.refusals = refusals
  }
}
