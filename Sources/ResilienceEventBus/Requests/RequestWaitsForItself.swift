public import ResilienceCore

/// A request was not published, because the only handlers that could answer it wait for replies themselves:
/// it would have timed out.
///
/// A handler that asks its own group holds a place of it meanwhile. With a ``DeliveryPolicy/parallelism``
/// above the number of those who ask, or with a group of its own for the questions, there is one left that
/// answers.
public struct RequestWaitsForItself: Rejection, Hashable, CustomStringConvertible {
  /// The request's event type.
  public let type: String

  /// The group that asks and would answer.
  public let group: String

  /// Not known.
  public var retryAt: Instant? { nil }

  /// Names the group and says what to do.
  public var description: String {
    "the request was not published: all handlers of group \"\(group)\", which answers \"\(type)\", wait for replies themselves; raise its parallelism, or ask another group"
  }
}
