/// No reply came in time. The request may have been handled all the same.
public struct RequestTimedOut: Error, Hashable, CustomStringConvertible {
  /// The request's event type.
  public let type: String

  /// The request's id.
  public let id: String

  /// How long a reply was waited for.
  public let waited: Duration

  /// Names the request and the time.
  public var description: String { "no reply to request \"\(type)\" \(id) within \(waited)" }
}
