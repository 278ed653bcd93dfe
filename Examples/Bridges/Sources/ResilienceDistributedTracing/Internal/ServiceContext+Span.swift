internal import Instrumentation
internal import ResilienceCore
internal import ResilienceTrace

/// A span of the toolkit's in a context of swift-distributed-tracing.
struct ContextSpan: Sendable {
  var trace: TraceIDs
  /// The present call's trace when it was entered: while that is the same, no newer span was entered there.
  var around: TraceIDs
  var state: TraceState?
  var tracer: CallTracer
}

private enum ContextSpanKey: InstrumentationContextKey {
  typealias Value = ContextSpan
  static var nameOverride: String? { "resilience" }
}

extension InstrumentationContext {
  var span: ContextSpan? { self[ContextSpanKey.self] }

  func entering(
    _ trace: TraceIDs, around call: CallContext, _ tracer: CallTracer, state: TraceState? = nil
  ) -> InstrumentationContext {
    var context = self
    context[ContextSpanKey.self] = ContextSpan(
      trace: trace, around: call.trace, state: state ?? span?.state, tracer: tracer)
    return context
  }

  /// Of this context's span and the present call's the one that was entered last; `nil` where there is
  /// neither.
  func newestTrace(in call: CallContext) -> TraceIDs? {
    guard let span else { return call.trace.isPresent ? call.trace : nil }
    return span.around == call.trace || !call.trace.isPresent ? span.trace : call.trace
  }
}
