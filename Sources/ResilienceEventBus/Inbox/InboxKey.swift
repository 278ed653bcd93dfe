/// What an inbox remembers an event by: the group it is delivered to, its source and its id.
///
/// CloudEvents 1.0 makes source and id together unique. The group is part of it so that groups that share an
/// inbox do not take each other's events for duplicates.
public struct InboxKey: Sendable, Hashable, CustomStringConvertible {
  /// The group; may be empty where there are no groups.
  public let group: String

  /// The event's source.
  public let source: String

  /// The event's id.
  public let id: String

  /// Creates a key.
  public init(group: String = "", source: String, id: String) {
    self.group = group
    self.source = source
    self.id = id
  }

  /// The key of a delivered event.
  public init(_ event: EventEnvelope) {
    self.init(group: event.group, source: event.source, id: event.id)
  }

  /// Source, id and group.
  public var description: String {
    "\(id) from \(source)" + (group.isEmpty ? "" : " for \(group)")
  }
}
