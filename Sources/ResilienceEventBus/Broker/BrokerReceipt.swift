/// With what one delivery is settled: a number of the broker's, which only the broker reads.
///
/// It belongs to one delivery: a later one of the same event has another receipt.
public struct BrokerReceipt: Sendable, Hashable {
  /// Which delivery, session or partition: as the broker likes.
  public let scope: UInt64

  /// Where the event is stored: as the broker likes.
  public let position: UInt64

  /// Makes a receipt, for a broker.
  public init(scope: UInt64, position: UInt64) {
    self.scope = scope
    self.position = position
  }
}
