public import ResilienceCore

/// A finished span.
///
/// Its parts are nested in it (`SpanRecord.Kind`, not `SpanKind`), because swift-distributed-tracing has the
/// short names.
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

  /// The error that was thrown, as text; `nil` when a value came back.
  public let error: String?

  /// Which attempt of its call it was, from 1.
  public let attempt: UInt16

  /// How it stands to its caller.
  public let kind: Kind

  /// What it stands for.
  public internal(set) var role: Role

  /// How it counts.
  public let verdict: Verdict

  // Few spans in the ring have any: a reference keeps the others small.
  var details: SpanDetails?

  /// How long it took.
  public var duration: Duration { start.duration(to: end) }
}

// MARK: - What was noted while it ran

extension SpanRecord {
  /// What was decided within it, in order; at most as many as ``SpanLimits`` allow.
  public var events: [Event] { details?.events ?? [] }

  /// What is known of it, in the order in which it was first said; of several values of a name the last.
  ///
  /// An attempt has `attempt.maker`, `retry` or `hedge`, and one after the first `call.resend_count`: how
  /// often the call was sent before. A call that a retry gave up has `retry.gave_up_reason`, such as
  /// `budget_exhausted`.
  public var attributes: [EventAttribute] { details?.attributes ?? [] }

  /// The spans that it came about through without being their child, in order.
  public var links: [Link] { details?.links ?? [] }

  /// Events beyond the limit.
  public var droppedEvents: Int { details?.droppedEvents ?? 0 }

  /// Attributes beyond the limit.
  public var droppedAttributes: Int { details?.droppedAttributes ?? 0 }

  /// Links beyond the limit.
  public var droppedLinks: Int { details?.droppedLinks ?? 0 }

  /// The `tracestate` that it travelled with, for a tracer that reports; else empty.
  public var traceState: String { details?.traceState ?? "" }

  /// What was said with ``SpanAnnotation/status(_:)``; else an error for a failure, and unset.
  public var status: Status {
    details?.status ?? (verdict == .failure ? .error(error ?? "") : .unset)
  }
}
