internal import ResilienceCore

/// A group was not joined, because it is there and gets other events.
public struct BrokerGroupConflict: Error, Hashable, CustomStringConvertible {
  /// The group.
  public let group: String

  /// What it gets.
  public let present: EventFilter

  /// What was asked for.
  public let requested: EventFilter

  /// Describes a conflict.
  public init(group: String, present: EventFilter, requested: EventFilter) {
    self.group = group
    self.present = present
    self.requested = requested
  }

  /// The group, and both filters.
  public var description: String {
    SafeText.escaped(
      "group \"\(group)\" gets \"\(present)\", not \"\(requested)\": remove it, or join under another name")
  }
}
