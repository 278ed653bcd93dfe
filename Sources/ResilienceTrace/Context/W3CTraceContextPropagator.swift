public import ResilienceCore

/// Carries a trace across a process boundary as W3C Trace Context: the headers `traceparent` and `tracestate`.
///
/// It works with tracing switched off, and without a tracer at all: what came in goes out again, so that the trace of the
/// services around this one does not fall apart.
public struct W3CTraceContextPropagator: ContextPropagator {
  /// The most characters of `tracestate` that are passed on; what is longer is cut in whole members.
  public let maxTraceStateLength: Int

  /// Creates a propagator.
  ///
  /// - Parameter maxTraceStateLength: At least 512, which the specification asks everybody to pass on. Default: 8192, what
  ///   W3C Baggage asks for, and what common servers take as all headers of a request.
  public init(maxTraceStateLength: Int = 8192) {
    precondition(
      maxTraceStateLength >= 512,
      "maxTraceStateLength must be at least 512 characters, was \(maxTraceStateLength)")
    self.maxTraceStateLength = maxTraceStateLength
  }

  /// Writes the context's trace and the state that travels along; nothing when there is no trace.
  public func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
    let trace = context.trace
    guard trace.isPresent, trace.span != 0 else { return }
    carrier.set(trace.traceparent, forName: "traceparent")
    guard let baggage = CallContext.baggage as? TraceBaggage, !baggage.state.isEmpty else { return }
    carrier.set(baggage.state.truncated(toLength: maxTraceStateLength).header, forName: "tracestate")
  }

  /// Reads the carrier's trace, if it has exactly one valid traceparent; else the context stays as it is and the state is
  /// ignored.
  public func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
  ) {
    let parents = carrier.values(forName: "traceparent")
    guard parents.count == 1, let trace = TraceIDs(traceparent: parents[0]) else { return }
    context.enterSpan(trace)
    let states = carrier.values(forName: "tracestate")
    let state = states.isEmpty ? nil : TraceState(headers: states)
    // Without a state of its own, that of a trace which this one is nested in must not go out with it either.
    guard baggage != nil || state?.isEmpty == false else { return }
    var carried = baggage as? TraceBaggage ?? TraceBaggage()
    carried.state = state ?? TraceState()
    baggage = carried
  }
}
