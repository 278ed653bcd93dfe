public import ResilienceCore

/// What spans are asked for; every condition that is given must hold.
///
/// ```swift
/// // Calls to the payment service that failed after more than a second.
/// let query = SpanQuery(name: "payment", verdict: .failure, minDuration: .seconds(1))
/// ```
public struct SpanQuery: Sendable {
  /// The trace; `nil` for any.
  public var trace: TraceID?

  /// The service that recorded the span; `nil` for any.
  public var service: String?

  /// What was called; `nil` for anything.
  public var name: String?

  /// How it stands to its caller; `nil` for any.
  public var kind: SpanRecord.Kind?

  /// What it stands for; `nil` for anything.
  public var role: SpanRecord.Role?

  /// How it counts; `nil` for any.
  public var verdict: Verdict?

  /// A part of the error's text; `nil` for any, and for none.
  public var error: String?

  /// Attributes that it must have, with these values.
  public var attributes: [EventAttribute]

  /// Names of events that it must have, such as `retry.scheduled`.
  public var events: [String]

  /// The least duration.
  public var minDuration: Duration

  /// The greatest duration.
  public var maxDuration: Duration

  /// The first instant at which it may have ended.
  public var endingFrom: Instant

  /// The last instant at which it may have begun.
  public var startingUntil: Instant

  /// Creates a query; without arguments it asks for everything.
  public init(
    trace: TraceID? = nil, service: String? = nil, name: String? = nil, kind: SpanRecord.Kind? = nil,
    role: SpanRecord.Role? = nil, verdict: Verdict? = nil, error: String? = nil,
    attributes: [EventAttribute] = [], events: [String] = [], minDuration: Duration = .zero,
    maxDuration: Duration = .nanoseconds(Int64.max), endingFrom: Instant = Instant(nanoseconds: .min),
    startingUntil: Instant = Instant(nanoseconds: .max)
  ) {
    self.trace = trace
    self.service = service
    self.name = name
    self.kind = kind
    self.role = role
    self.verdict = verdict
    self.error = error
    self.attributes = attributes
    self.events = events
    self.minDuration = minDuration
    self.maxDuration = maxDuration
    self.endingFrom = endingFrom
    self.startingUntil = startingUntil
  }

  /// Whether a span is asked for.
  public func matches(_ span: SpanRecord) -> Bool {
    matchesIdentity(span) && matchesTime(span) && matchesNotes(span)
  }

  private func matchesIdentity(_ span: SpanRecord) -> Bool {
    if let trace, span.ids.traceID != trace { return false }
    if let service, span.service != service { return false }
    if let name, span.name != name { return false }
    if let kind, span.kind != kind { return false }
    if let role, span.role != role { return false }
    if let verdict, span.verdict != verdict { return false }
    return true
  }

  private func matchesTime(_ span: SpanRecord) -> Bool {
    let duration = span.duration
    return duration >= minDuration && duration <= maxDuration && span.end >= endingFrom
      && span.start <= startingUntil
  }

  private func matchesNotes(_ span: SpanRecord) -> Bool {
    if let error, span.error?.contains(error) != true { return false }
    let own = span.attributes
    guard attributes.allSatisfy(own.contains) else { return false }
    return events.allSatisfy { name in span.events.contains { $0.event.name == name } }
  }
}
