public import ResilienceCore

/// A call was not made, because it weighs more than its bulkhead ever lets in: it could wait for ever.
public struct WeightExceedsBulkhead: Rejection, Hashable {
  /// The bulkhead's name.
  public let bulkhead: String

  /// What was asked for.
  public let weight: Int

  /// The most that is ever let in: a fixed limit, or an adaptive one's maximum.
  public let capacity: Int

  /// `nil`: trying again never succeeds.
  public var retryAt: Instant? { nil }

  /// Creates a rejection.
  public init(bulkhead: String, weight: Int, capacity: Int) {
    self.bulkhead = bulkhead
    self.weight = weight
    self.capacity = capacity
  }
}

extension WeightExceedsBulkhead: CustomStringConvertible {
  /// Names the bulkhead and both numbers.
  public var description: String {
    "a call of weight \(weight) asked for bulkhead \"\(bulkhead)\", which never lets in more than \(capacity)"
  }
}
