/// A broker did not store events, because it holds as many as it may.
public struct BrokerFull: Error, Hashable, CustomStringConvertible {
  /// The most events that it holds.
  public let capacity: Int

  /// Says the capacity.
  public init(capacity: Int) {
    self.capacity = capacity
  }

  /// The capacity, and why there is no room.
  public var description: String {
    "the broker holds \(capacity) events, and some group has not settled the oldest: publish later"
  }
}
