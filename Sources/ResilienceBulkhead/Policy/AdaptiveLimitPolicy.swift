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
  ///   - initial: The limit before anything is known, within the bounds. Default: 20, or the bound that is nearest: what
  ///     most clients have as their pool of connections. A bad guess is put right within a few hundred calls.
  ///   - minimum: The limit never goes below it, 1 or more. Default: 1, so that a destination that can bear next to nothing
  ///     still gets what tells when it is better.
  ///   - maximum: The limit never goes above it, up to 10⁶. Default: 1000: more calls at one time than that are rarely
  ///     meant, and each costs memory here.
  public init(initial: Int? = nil, minimum: Int = 1, maximum: Int = 1000) {
    let initial = initial ?? min(max(20, minimum), max(minimum, maximum))
    if let fault = Self.fault(initial, minimum, maximum) { preconditionFailure("\(fault)") }
    self.initial = initial
    self.minimum = minimum
    self.maximum = maximum
  }

  static func fault(_ initial: Int, _ minimum: Int, _ maximum: Int) -> InvalidBulkheadPolicy? {
    if !(1...1_000_000).contains(maximum) {
      return InvalidBulkheadPolicy(field: "maximum", value: "\(maximum)", requirement: "in 1 ... 1000000")
    }
    if !(1...maximum).contains(minimum) {
      return InvalidBulkheadPolicy(field: "minimum", value: "\(minimum)", requirement: "in 1 ... \(maximum)")
    }
    if !(minimum...maximum).contains(initial) {
      return InvalidBulkheadPolicy(
        field: "initial", value: "\(initial)", requirement: "in \(minimum) ... \(maximum)")
    }
    return nil
  }
}
