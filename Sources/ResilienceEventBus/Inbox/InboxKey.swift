internal import ResilienceCore

/// What an inbox remembers an event by: the group it is delivered to, its type, its source and its id.
///
/// CloudEvents 1.0 makes source and id together unique, but publishers number each type by itself. The group
/// is part of it so that groups that share an inbox do not take each other's events for duplicates. Compared
/// by the bytes: two spellings of one character are two ids.
public struct InboxKey: Sendable, Hashable, CustomStringConvertible {
  /// The group; may be empty where there are no groups.
  public let group: String

  /// The event's type; may be empty for what is no event.
  public let type: String

  /// The event's source.
  public let source: String

  /// The event's id.
  public let id: String

  /// Creates a key.
  public init(group: String = "", type: String = "", source: String, id: String) {
    self.group = group
    self.type = type
    self.source = source
    self.id = id
  }

  /// The key of a delivered event.
  public init(_ event: EventEnvelope) {
    self.init(group: event.group, type: event.type, source: event.source, id: event.id)
  }

  /// Whether all four are the same bytes.
  public static func == (left: InboxKey, right: InboxKey) -> Bool {
    left.id.isIdentical(to: right.id) && left.source.isIdentical(to: right.source)
      && left.type.isIdentical(to: right.type) && left.group.isIdentical(to: right.group)
  }

  /// Hashes id, source and group, which tell nearly all apart.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(id)
    hasher.combine(source)
    hasher.combine(group)
  }

  /// Id, type, source and group.
  public var description: String {
    "\(id)" + (type.isEmpty ? "" : " of type \(type)") + " from \(source)"
      + (group.isEmpty ? "" : " for \(group)")
  }
}
