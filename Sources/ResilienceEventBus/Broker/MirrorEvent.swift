public import ResilienceCore

/// Something that happened to one side of a ``MirroredBroker``.
public struct MirrorEvent: ResilienceEvent, Hashable {
  /// What happened.
  public enum Kind: Sendable, Hashable {
    /// It failed, after it had worked: its error as text. Events are now kept once.
    case lost(error: String)
    /// It works again.
    case returned
  }

  /// Which side.
  public let side: MirrorSide

  /// What happened.
  public let kind: Kind

  /// The mirrored broker's name.
  public let broker: String

  /// Creates an event.
  public init(_ kind: Kind, side: MirrorSide, broker: String) {
    self.kind = kind
    self.side = side
    self.broker = broker
  }

  /// `event_broker.mirror_lost` or `event_broker.mirror_returned`.
  public var name: String {
    switch kind {
    case .lost: "event_broker.mirror_lost"
    case .returned: "event_broker.mirror_returned"
    }
  }

  /// The broker's name, the side, and the error.
  public var attributes: [EventAttribute] {
    var attributes = [
      EventAttribute("broker", .string(broker)), EventAttribute("side", .string(side.rawValue)),
    ]
    if case .lost(let error) = kind { attributes.append(EventAttribute("error", .string(error))) }
    return attributes
  }
}
