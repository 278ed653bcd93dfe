public import Resilience

/// Something that happened to the relay of a ``SQLiteOutbox``.
public struct SQLiteOutboxEvent: ResilienceEvent, Hashable {
  /// What happened.
  public enum Kind: Sendable, Hashable {
    /// A publication, or the database, failed with this error as text; it is tried again.
    case failed(error: String)

    /// The event with this number was refused for good, with this error as text, and set aside.
    case refused(number: Int64, error: String)
  }

  /// What happened.
  public let kind: Kind

  /// The name of the outbox's table.
  public let table: String

  /// `outbox.failed` or `outbox.refused`.
  public var name: String {
    switch kind {
    case .failed: "outbox.failed"
    case .refused: "outbox.refused"
    }
  }

  /// The table, the error, and the number of the event.
  public var attributes: [EventAttribute] {
    let table = EventAttribute("table", .string(table))
    return switch kind {
    case .failed(let error): [table, EventAttribute("error", .string(error))]
    case .refused(let number, let error):
      [table, EventAttribute("number", .string("\(number)")), EventAttribute("error", .string(error))]
    }
  }
}
