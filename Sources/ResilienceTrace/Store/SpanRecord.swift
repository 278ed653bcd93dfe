public import ResilienceCore

/// A finished span.
public struct SpanRecord: Sendable {
  /// The identity of the span.
  public let ids: TraceIDs

  /// The span id of its parent; 0 for the first span of a trace. The parent may be another process's.
  public let parent: UInt64

  /// When it began.
  public let start: Instant

  /// When it ended.
  public let end: Instant

  /// What was called; for an attempt, the name of the call.
  public internal(set) var name: String

  /// The service that recorded it.
  public let service: String

  /// The error that was thrown, as text; `nil` when a value came back, and for attempts.
  public let error: String?

  /// Which attempt of its call it was, from 1.
  public let attempt: UInt16

  /// Call, attempt or delivery.
  public let kind: SpanKind

  /// How it counts.
  public let verdict: Verdict

  /// What was decided within it, in order.
  public internal(set) var events: [SpanEvent] = []

  /// How long it took.
  public var duration: Duration { start.duration(to: end) }
}
