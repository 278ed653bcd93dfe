/// A request was not published, because it was made behind an outbox: that keeps what is published until the
/// handler has succeeded, so that the handler would wait for a reply that cannot come.
///
/// Ask before, or around the outbox.
public struct RequestInOutbox: Error, Hashable, CustomStringConvertible {
  /// The request's event type.
  public let type: String

  /// Names the type and says why.
  public var description: String {
    "the request \"\(type)\" was not published: it was made behind an outbox, which publishes when the handler has ended; ask outside of the outbox"
  }
}
