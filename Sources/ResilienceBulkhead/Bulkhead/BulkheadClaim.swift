/// What one call asks of a bulkhead: how much room, and how soon.
public struct BulkheadClaim: Sendable, Hashable {
  /// How much of the limit the call takes: 0 is let in at once and takes nothing; less than that, and more
  /// than the limit, is refused with ``ImpossibleWeight``.
  public var weight: Int

  /// Those with a higher one go in first, and are the last to be turned away; any number.
  public var priority: Int

  /// Creates a claim.
  ///
  /// - Parameters:
  ///   - weight: How much of the limit the call takes, 0 or more. Default: 1.
  ///   - priority: Those with a higher one go in first. Default: 0. As long as there are enough of a higher
  ///     one, those of a lower one wait.
  @inlinable
  public init(weight: Int = 1, priority: Int = 0) {
    self.weight = weight
    self.priority = priority
  }
}
