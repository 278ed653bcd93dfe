/// An event that was handed out to a consumer, which has to settle it.
public struct BrokerDelivery: Sendable {
  /// With what it is settled.
  public let receipt: BrokerReceipt

  /// The event.
  public let event: EncodedEvent

  /// How often it was handed out before, to any consumer of the group: 0 the first time.
  public let deliveries: Int

  /// How often the group was given up on it before, oldest first; empty unless it was redriven.
  public let history: [DeadLetter.Death]

  /// Describes a delivery.
  public init(
    receipt: BrokerReceipt, event: EncodedEvent, deliveries: Int, history: [DeadLetter.Death] = []
  ) {
    self.receipt = receipt
    self.event = event
    self.deliveries = deliveries
    self.history = history
  }
}
