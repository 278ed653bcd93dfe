/// What became of a delivery.
public struct BrokerSettlement: Sendable {
  /// What became of it.
  public enum Outcome: Sendable {
    /// It was handled: it does not come again. The events are published with it: both or none, where the
    /// broker can.
    case handled(publishing: [EncodedEvent] = [])

    /// It was not, and may be given out again at once, as one that was delivered so often.
    case returned(deliveries: Int)

    /// It was given up, with what it was given up for before, oldest first: it is a dead letter.
    case deadLettered(DeadLetter.Death, history: [DeadLetter.Death])
  }

  /// The delivery's receipt.
  public let receipt: BrokerReceipt

  /// What became of it.
  public let outcome: Outcome

  /// Describes a settlement.
  public init(_ receipt: BrokerReceipt, _ outcome: Outcome) {
    self.receipt = receipt
    self.outcome = outcome
  }
}
