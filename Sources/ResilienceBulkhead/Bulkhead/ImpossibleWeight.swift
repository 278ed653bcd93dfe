public import ResilienceCore

/// A call was not made, because no bulkhead lets in such a weight: it is less than nothing, or more than this
/// one ever lets in.
///
/// What an input computes may be anything: such a weight is refused, not trapped on. One of 0 is always let
/// in.
public struct ImpossibleWeight: Rejection, Hashable {
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

extension ImpossibleWeight: CustomStringConvertible {
  /// Names the bulkhead, what can be asked for, and what was.
  public var description: String {
    "bulkhead \"\(bulkhead)\" refused a call: its weight must be in 0 ... \(capacity), was \(weight)"
  }
}
