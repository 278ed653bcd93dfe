/// How much may be inside a bulkhead, and who waits outside it.
public struct BulkheadPolicy: Sendable, Hashable {
  /// How much may be inside at one time.
  public let limit: BulkheadLimit

  /// The most calls that may wait at one time; with 0 nobody waits.
  public let maxWaiting: Int

  /// Which of those that wait at equal priority goes in first.
  public let order: BulkheadOrder

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - limit: How much may be inside at one time. Default: what the destination can bear, learned.
  ///   - maxWaiting: The most calls that may wait at one time, 0 to 10⁶. Default: 0, nobody waits: a queue hides an overload
  ///     from those who could do something about it, and a call that waits holds what its own caller has of them. Where
  ///     waiting is right, a queue of about the limit absorbs a burst.
  ///   - order: Which of those that wait at equal priority goes in first. Default: first come, first served.
  public init(limit: BulkheadLimit = .adaptive(), maxWaiting: Int = 0, order: BulkheadOrder = .fifo) {
    if let fault = Self.fault(limit, maxWaiting) { preconditionFailure("\(fault)") }
    self.limit = limit
    self.maxWaiting = maxWaiting
    self.order = order
  }

  static func fault(_ limit: BulkheadLimit, _ maxWaiting: Int) -> InvalidBulkheadPolicy? {
    if case .fixed(let limit) = limit, !(1...1_000_000_000).contains(limit) {
      return InvalidBulkheadPolicy(field: "limit", value: "\(limit)", requirement: "in 1 ... 1000000000")
    }
    if !(0...1_000_000).contains(maxWaiting) {
      return InvalidBulkheadPolicy(
        field: "maxWaiting", value: "\(maxWaiting)", requirement: "in 0 ... 1000000")
    }
    return nil
  }
}
