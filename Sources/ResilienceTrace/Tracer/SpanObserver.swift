internal import ResilienceCore

/// What a tracer's spans are observed with: it is registered for as long as the tracer lives, so it is not the tracer.
final class SpanObserver: CallObserver {
  let service: String
  let store: TraceStore

  /// An observer of another kind that was bound outside the span, and still wants to hear.
  let other: (any CallObserver)?

  init(service: String, store: TraceStore, other: (any CallObserver)? = nil) {
    self.service = service
    self.store = store
    self.other = other
  }

  func attemptBegan(_ attempt: inout CallContext) {
    other?.attemptBegan(&attempt)
    guard attempt.trace.isSampled else { return }
    var span = attempt.trace
    span.span = attempt.makeID()
    attempt.enterSpan(span)
    _ = attempt.now
  }

  func attemptEnded(
    _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
  ) {
    if attempt.trace.isSampled { record(attempt, from: call, "", .attempt, outcome.verdict, error) }
    other?.attemptEnded(attempt, of: call, outcome, error: error)
  }

  func record(_ event: any ResilienceEvent, in context: CallContext) {
    if context.trace.isSampled {
      store.append(SpanEvent(span: context.trace, instant: context.readClock(), event: event))
    }
    other?.record(event, in: context)
  }

  func record(
    _ span: CallContext, from call: CallContext, _ name: String, _ kind: SpanKind, _ verdict: Verdict,
    _ error: (any Error)?
  ) {
    var span = span
    let start = span.now
    let end = span.readClock()
    let error = error.map { "\($0)" }
    store.append(
      SpanRecord(
        ids: span.trace, parent: call.trace.isPresent ? call.trace.span : 0, start: start, end: end,
        name: name, service: service, error: error, attempt: span.attempt, kind: kind, verdict: verdict))
  }
}
