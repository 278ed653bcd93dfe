public import ResilienceCore

/// A decision that was made within a span.
public struct SpanEvent: Sendable {
  /// The span within which it was made.
  public let span: TraceIDs

  /// When.
  public let instant: Instant

  /// What was decided.
  public let event: any ResilienceEvent
}
