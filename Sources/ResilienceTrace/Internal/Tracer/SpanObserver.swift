internal import ResilienceCore

/// What the spans of one service are observed with. It holds what it writes to, and not the store's owner,
/// which keeps it registered.
final class SpanObserver: CallObserver {
  let service: String
  let sampler: Sampler
  let spans: SpanStorage
  let reporter: SpanReporter?

  private let ids = TraceIDSource.shared

  /// An observer of another kind that was bound outside the span, and still wants to hear.
  let other: (any CallObserver)?

  init(
    service: String, sampler: Sampler, spans: SpanStorage, reporter: SpanReporter?,
    other: (any CallObserver)? = nil
  ) {
    self.service = service
    self.sampler = sampler
    self.spans = spans
    self.reporter = reporter
    self.other = other
  }

  /// The same, with another observer that hears as well.
  func beside(_ other: any CallObserver) -> SpanObserver {
    SpanObserver(service: service, sampler: sampler, spans: spans, reporter: reporter, other: other)
  }

  func attemptBegan(_ attempt: inout CallContext) {
    other?.attemptBegan(&attempt)
    var span = attempt.trace
    if span.isPresent, span.span == 0 {
      // A trace without a span so far, as of an event that was published outside one: it begins here.
      span.span = ids.span(attempt)
      let isSampled = sampler.samples(span, parent: attempt.trace, at: attempt.now)
      span.flags &= TraceIDs.randomFlag | TraceIDs.debugFlag
      span.flags |= isSampled ? TraceIDs.sampledFlag : 0
    } else {
      guard span.isSampled else { return }
      span.span = ids.span(attempt)
    }
    attempt.enterSpan(span)
    _ = attempt.now
  }

  func attemptEnded(
    _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
  ) {
    if attempt.trace.isSampled {
      let role = SpanRecord.Role(of: attempt)
      record(attempt, from: call, "", role == .delivery ? .consumer : .client, role, outcome.verdict, error)
    }
    other?.attemptEnded(attempt, of: call, outcome, error: error)
  }

  func record(_ event: any ResilienceEvent, in context: CallContext) {
    if context.trace.isSampled {
      let note = SpanNote(span: context.trace, instant: context.readClock(), event: event)
      spans.append(note)
      reporter?.append(note)
    }
    other?.record(event, in: context)
  }

  func record(
    _ span: CallContext, from call: CallContext, _ name: String, _ kind: SpanRecord.Kind,
    _ role: SpanRecord.Role, _ verdict: Verdict, _ error: (any Error)?
  ) {
    var span = span
    let start = span.now
    let end = span.readClock()
    let error = error.map { "\($0)" }
    let parent = call.trace.isPresent ? call.trace.span : 0
    spans.append(
      SpanRecord(
        ids: span.trace, parent: parent, start: start, end: end, name: name, service: service, error: error,
        attempt: span.attempt, kind: kind, role: role, verdict: verdict, details: nil))
    guard let reporter else { return }
    reporter.append(
      SpanRecord(
        ids: span.trace, parent: parent, start: start, end: end, name: name, service: service, error: error,
        attempt: span.attempt, kind: kind, role: role, verdict: verdict,
        details: SpanDetails(traceState: TraceBaggage.stateHeader)))
  }
}

extension SpanRecord.Role {
  fileprivate init(of attempt: CallContext) {
    if attempt.flags.contains(.hedgeTry) {
      self = .hedge
    } else {
      self = attempt.flags.contains(.delivery) ? .delivery : .attempt
    }
  }
}
