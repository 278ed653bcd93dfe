public import ResilienceCore

/// A request was not published, because nobody would handle it: no group gets its type, or all subscriptions
/// have left.
public struct NoResponder: Rejection, Hashable, CustomStringConvertible {
  /// The request's event type.
  public let type: String

  /// Not known.
  public var retryAt: Instant? { nil }

  /// Names the type.
  public var description: String { "the request was not published: nobody handles \"\(type)\" at present" }
}
