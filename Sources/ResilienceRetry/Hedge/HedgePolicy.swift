public import ResilienceCore

/// How often a slow or failed call is begun again beside itself, and when.
///
/// ```swift
/// let stock = call.hedge(HedgePolicy(delay: .fixed(.milliseconds(50))), budget: budget)
/// ```
///
/// What counts as a failure is not said here but at the leaf, once for all layers: see `Handler.classify`.
public struct HedgePolicy: Sendable, Hashable {
  /// The most attempts, the first included.
  public let maxAttempts: Int

  /// How long an attempt may take before the next one is begun.
  public let delay: HedgeDelay

  /// Whether a call that is not idempotent is hedged like any other.
  public let hedgesNonIdempotent: Bool

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxAttempts: The first included, 2 to 10. Default: 2: a third attempt gains little and costs as
  ///     much.
  ///   - delay: Default: the learned 95th percentile, which makes one call of twenty a second time.
  ///   - hedgesNonIdempotent: Whether a call that is not idempotent is hedged like any other. Default: no. It
  ///     is then begun again only when an attempt proves that it did nothing (`Pushback.notProcessed`).
  public init(maxAttempts: Int = 2, delay: HedgeDelay = .learned(), hedgesNonIdempotent: Bool = false) {
    self.init(unchecked: maxAttempts, delay, hedgesNonIdempotent)
    if let fault { preconditionFailure("a hedge policy's \(fault)") }
  }

  /// Creates a policy from values that come from outside the program, as
  /// ``init(maxAttempts:delay:hedgesNonIdempotent:)`` does from its constants.
  ///
  /// - Throws: `InvalidSetting`, naming the value, where that traps.
  public static func validated(
    maxAttempts: Int = 2, delay: HedgeDelay = .learned(), hedgesNonIdempotent: Bool = false
  ) throws(InvalidSetting) -> HedgePolicy {
    let policy = HedgePolicy(unchecked: maxAttempts, delay, hedgesNonIdempotent)
    if let fault = policy.fault { throw fault }
    return policy
  }

  private init(unchecked maxAttempts: Int, _ delay: HedgeDelay, _ hedgesNonIdempotent: Bool) {
    self.maxAttempts = maxAttempts
    self.delay = delay
    self.hedgesNonIdempotent = hedgesNonIdempotent
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? { .outside(2...10, "maxAttempts", maxAttempts) }
}
