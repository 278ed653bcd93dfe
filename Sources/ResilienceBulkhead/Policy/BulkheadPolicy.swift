public import ResilienceCore

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
  ///   - maxWaiting: The most calls that may wait at one time, 0 to 10⁶. Default: 0, nobody waits: a queue
  ///     hides an overload from those who could do something about it, and a call that waits holds what its
  ///     own caller has of them. Where waiting is right, a queue of about the limit absorbs a burst.
  ///   - order: Which of those that wait at equal priority goes in first. Default: first come, first served.
  public init(limit: BulkheadLimit = .adaptive(), maxWaiting: Int = 0, order: BulkheadOrder = .fifo) {
    self.init(unchecked: limit, maxWaiting: maxWaiting, order: order)
    if let fault { preconditionFailure("a bulkhead's \(fault)") }
  }

  init(unchecked limit: BulkheadLimit, maxWaiting: Int, order: BulkheadOrder) {
    self.limit = limit
    self.maxWaiting = maxWaiting
    self.order = order
  }

  /// Creates a policy from values that come from outside, with the parameters and defaults of
  /// ``init(limit:maxWaiting:order:)``.
  ///
  /// - Throws: `InvalidSetting` for the first value that is out of its range, where the initialiser traps.
  public static func validated(
    limit: BulkheadLimit = .adaptive(), maxWaiting: Int = 0, order: BulkheadOrder = .fifo
  ) throws(InvalidSetting) -> BulkheadPolicy {
    let policy = BulkheadPolicy(unchecked: limit, maxWaiting: maxWaiting, order: order)
    if let fault = policy.fault { throw fault }
    return policy
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? { limit.fault ?? .outside(0...1_000_000, "maxWaiting", maxWaiting) }
}
