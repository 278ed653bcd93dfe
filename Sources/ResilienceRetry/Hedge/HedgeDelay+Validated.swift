public import ResilienceCore

extension HedgeDelay {
  /// ``fixed(_:)`` for a value that comes from outside the program.
  ///
  /// - Throws: `InvalidSetting` for less than 0.
  public static func validatedFixed(_ delay: Duration) throws(InvalidSetting) -> HedgeDelay {
    if let fault = InvalidSetting.unless(delay >= .zero, "delay", delay, "0s or more") { throw fault }
    return .fixed(delay)
  }

  /// ``learned(percentile:minimumSamples:atLeast:atMost:)`` for values that come from outside the program.
  ///
  /// - Throws: `InvalidSetting`, naming the value, where that traps.
  public static func validatedLearned(
    percentile: Double = 95, minimumSamples: Int = 100, atLeast: Duration = .milliseconds(1),
    atMost: Duration = .seconds(10)
  ) throws(InvalidSetting) -> HedgeDelay {
    let learning = Learning(
      percentile: percentile, minimumSamples: minimumSamples, atLeast: atLeast, atMost: atMost)
    if let fault = learning.fault { throw fault }
    return HedgeDelay(kind: .learned(learning))
  }
}
