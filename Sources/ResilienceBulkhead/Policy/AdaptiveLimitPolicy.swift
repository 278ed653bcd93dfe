public import ResilienceCore

/// Where an adaptive limit begins, and between which bounds it stays. The defaults fit any destination.
public struct AdaptiveLimitPolicy: Sendable, Hashable {
  /// The limit before anything is known, within the bounds.
  public let initial: Int

  /// The limit never goes below it, 1 or more.
  public let minimum: Int

  /// The limit never goes above it.
  public let maximum: Int

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - initial: The limit before anything is known, within the bounds. Default: 20, or the bound that is
  ///     nearest: what most clients have as their pool of connections. A bad guess is put right within a few
  ///     hundred calls.
  ///   - minimum: The limit never goes below it, 1 or more. Default: 1, so that a destination that can bear
  ///     next to nothing still gets what tells when it is better.
  ///   - maximum: The limit never goes above it, up to 10⁶. Default: 1000: more calls at one time than that
  ///     are rarely meant, and each costs memory here.
  public init(initial: Int? = nil, minimum: Int = 1, maximum: Int = 1000) {
    self.init(unchecked: initial, minimum, maximum)
    if let fault { preconditionFailure("an adaptive limit's \(fault)") }
  }

  private init(unchecked initial: Int?, _ minimum: Int, _ maximum: Int) {
    self.initial = initial ?? Self.initial(minimum, maximum)
    self.minimum = minimum
    self.maximum = maximum
  }

  /// Creates a policy from values that come from outside, with the parameters and defaults of
  /// ``init(initial:minimum:maximum:)``.
  ///
  /// - Throws: `InvalidSetting` for the first value that is out of its range, where the initialiser traps.
  public static func validated(
    initial: Int? = nil, minimum: Int = 1, maximum: Int = 1000
  ) throws(InvalidSetting) -> AdaptiveLimitPolicy {
    let policy = AdaptiveLimitPolicy(unchecked: initial, minimum, maximum)
    if let fault = policy.fault { throw fault }
    return policy
  }

  static func initial(_ minimum: Int, _ maximum: Int) -> Int { min(max(20, minimum), max(minimum, maximum)) }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    if let fault = InvalidSetting.outside(1...1_000_000, "maximum", maximum) { return fault }
    if let fault = InvalidSetting.outside(1...maximum, "minimum", minimum) { return fault }
    return .outside(minimum...maximum, "initial", initial)
  }
}
