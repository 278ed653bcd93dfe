public import ResilienceCore

/// A delivery was dropped, because its event had been handled.
public struct DuplicateDropped: ResilienceEvent, Hashable {
  /// The event.
  public let key: InboxKey

  /// `inbox.duplicate`.
  public var name: String { "inbox.duplicate" }

  /// Group, source and id.
  public var attributes: [EventAttribute] {
    [
      EventAttribute("group", .string(key.group)), EventAttribute("source", .string(key.source)),
      EventAttribute("id", .string(key.id)),
    ]
  }
}
