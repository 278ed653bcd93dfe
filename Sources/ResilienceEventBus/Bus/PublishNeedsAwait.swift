/// An event was not published: a bus with a broker stores it first, which takes time, so `publish` has to be
/// awaited.
///
/// It is thrown by what cannot wait: a `publish` in code that is not asynchronous.
public struct PublishNeedsAwait: Error, Hashable, CustomStringConvertible {
  /// The event type.
  public let type: String

  @usableFromInline
  init(type: String) {
    self.type = type
  }

  /// Says what to do.
  public var description: String {
    "the event of type \"\(type)\" was not published: this bus stores events with a broker; publish it with await"
  }
}
