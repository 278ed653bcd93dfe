public import ResilienceCore

/// An event was not published, because a group that subscribes to it has as many outstanding as it may.
///
/// No group has got it. A handler that lets the error pass has its own event delivered again, with backoff:
/// that is the back-pressure, and it cannot deadlock as waiting could.
public struct QueueFull: Rejection, Hashable, CustomStringConvertible {
  /// The event type.
  public let type: String

  /// The group that is behind.
  public let group: String

  /// Events that it may have outstanding; see ``EventBusPolicy/queueCapacity``.
  public let capacity: Int

  /// The instant of the refusal: room may be made at any time after it.
  public let retryAt: Instant?

  /// Names the group and its capacity.
  public var description: String {
    "the event was not published: group \"\(group)\" has \(capacity) events of type \"\(type)\" outstanding, all it may"
  }
}
