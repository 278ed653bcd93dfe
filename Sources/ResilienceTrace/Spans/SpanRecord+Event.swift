public import ResilienceCore

extension SpanRecord {
  /// A decision that was made within a span.
  public struct Event: Sendable {
    /// When.
    public let instant: Instant

    /// What was decided.
    public let event: any ResilienceEvent
  }

  /// Another span that this one came about through: of several messages the one that a batch handles, or the
  /// delivery before.
  public struct Link: Sendable, Hashable {
    /// The other span.
    public var ids: TraceIDs

    /// What is said about it.
    public var attributes: [EventAttribute]

    /// Creates a link.
    ///
    /// - Parameters:
    ///   - ids: The other span.
    ///   - attributes: What is said about it. Default: nothing.
    public init(to ids: TraceIDs, attributes: [EventAttribute] = []) {
      self.ids = ids
      self.attributes = attributes
    }
  }
}
