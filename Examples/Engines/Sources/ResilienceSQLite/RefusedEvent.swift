public import Resilience

/// An event of an outbox that the bus or the broker has refused for good.
public struct RefusedEvent: Sendable, Hashable {
  /// Its number in the table.
  public let number: Int64

  /// Its CloudEvents JSON, as it is in the table.
  public let json: [UInt8]

  /// Why it was refused.
  public let reason: String

  /// The event; `nil` when what is in the table is none.
  public var event: EncodedEvent? { try? EncodedEvent(json: json) }
}
