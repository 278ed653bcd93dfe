/// The same backoffs from values that come from outside the program: what is out of its range, and would
/// trap, throws.
extension Backoff {
  /// ``constant(_:jitter:)``.
  ///
  /// - Throws: ``InvalidSetting``, naming the value.
  public static func validatedConstant(
    _ delay: Duration, jitter: Jitter = .full
  ) throws(InvalidSetting) -> Backoff {
    try check(base: delay, jitter: jitter)
    return .constant(delay, jitter: jitter)
  }

  /// ``linear(base:increment:cap:jitter:)``.
  ///
  /// - Throws: ``InvalidSetting``, naming the value.
  public static func validatedLinear(
    base: Duration, increment: Duration? = nil, cap: Duration? = nil, jitter: Jitter = .full
  ) throws(InvalidSetting) -> Backoff {
    try check(base: base, cap: cap, jitter: jitter)
    try check(increment, "increment")
    return .linear(base: base, increment: increment, cap: cap, jitter: jitter)
  }

  /// ``exponential(base:cap:multiplier:jitter:)``.
  ///
  /// - Throws: ``InvalidSetting``, naming the value.
  public static func validatedExponential(
    base: Duration = .milliseconds(50), cap: Duration? = nil, multiplier: Double = 2, jitter: Jitter = .full
  ) throws(InvalidSetting) -> Backoff {
    try check(base: base, cap: cap, jitter: jitter)
    let isValid = multiplier >= 1 && multiplier.isFinite
    if let fault = InvalidSetting.unless(isValid, "multiplier", multiplier, "1 or more") { throw fault }
    return .exponential(base: base, cap: cap, multiplier: multiplier, jitter: jitter)
  }

  /// ``decorrelated(base:cap:)``.
  ///
  /// - Throws: ``InvalidSetting``, naming the value.
  public static func validatedDecorrelated(
    base: Duration = .milliseconds(50), cap: Duration? = nil
  ) throws(InvalidSetting) -> Backoff {
    try check(base: base, cap: cap, jitter: .full)
    return .decorrelated(base: base, cap: cap)
  }

  /// ``custom(_:jitter:)``.
  ///
  /// - Throws: ``InvalidSetting``, naming the value.
  public static func validatedCustom(
    _ delays: [Duration], jitter: Jitter = .full
  ) throws(InvalidSetting) -> Backoff {
    if delays.isEmpty {
      throw InvalidSetting(field: "delays", value: "[]", requirement: "at least one delay")
    }
    for (index, delay) in delays.enumerated() { try check(delay, "delays[\(index)]") }
    try check(base: .zero, jitter: jitter)
    return .custom(delays, jitter: jitter)
  }

  private static func check(
    base: Duration, cap: Duration? = nil, jitter: Jitter
  ) throws(InvalidSetting) {
    try check(base, "base")
    let text = DurationText(base).description
    if let cap, let fault = InvalidSetting.unless(cap >= base, "cap", cap, "\(text) or more, as the base is")
    {
      throw fault
    }
    if case .proportional(let share) = jitter, let fault = InvalidSetting.outside(0...1, "jitter", share) {
      throw fault
    }
  }

  private static func check(_ delay: Duration?, _ field: String) throws(InvalidSetting) {
    guard let delay, let fault = InvalidSetting.unless(delay >= .zero, field, delay, "0s or more") else {
      return
    }
    throw fault
  }
}
