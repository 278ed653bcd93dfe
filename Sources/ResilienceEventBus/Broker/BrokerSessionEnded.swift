internal import ResilienceCore

/// A consumer is none any more: it has left, its session has ended for want of a heartbeat, or its group was
/// removed. What it had not settled has been given to others.
public struct BrokerSessionEnded: Error, Hashable, CustomStringConvertible {
  /// The group.
  public let group: String

  /// Names the group.
  public init(group: String) {
    self.group = group
  }

  /// What has ended, and what now.
  public var description: String {
    "a consumer's session in group \"\(SafeText.escaped(group))\" has ended; join again"
  }
}
