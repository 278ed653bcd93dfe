internal import ResilienceCore

/// A broker has no such group.
public struct BrokerGroupMissing: Error, Hashable, CustomStringConvertible {
  /// The group.
  public let group: String

  /// Names the group.
  public init(group: String) {
    self.group = group
  }

  /// Names the group.
  public var description: String {
    "there is no group \"\(SafeText.escaped(group))\" in the broker; it was removed"
  }
}
