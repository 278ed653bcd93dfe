public import ResilienceCore

/// Carries a trace across a process boundary as W3C Trace Context: the headers `traceparent` and
/// `tracestate`.
///
/// It works with tracing switched off, and without a tracer at all: what came in goes out again, so that the
/// trace of the services around this one does not fall apart.
public struct W3CTraceContextPropagator: ContextPropagator {
  /// The most characters of `tracestate` that are passed on; what is longer is cut in whole members.
  public let maxTraceStateLength: Int

  /// Creates a propagator.
  ///
  /// - Parameter maxTraceStateLength: At least 512, which the specification asks everybody to pass on.
  ///   Default: 8192, what W3C Baggage asks for, and what common servers take as all headers of a request.
  public init(maxTraceStateLength: Int = 8192) {
    precondition(
      maxTraceStateLength >= 512,
      "maxTraceStateLength must be at least 512 characters, was \(maxTraceStateLength)")
    self.maxTraceStateLength = maxTraceStateLength
  }

  /// `traceparent` and `tracestate`.
  public var fieldNames: [String] { ["traceparent", "tracestate"] }

  /// Writes the context's trace and the state that travels along; nothing when there is no trace.
  ///
  /// Without a state, one that the carrier had is removed: it belongs to another trace.
  @inlinable
  public func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
    let trace = context.trace
    guard trace.isPresent, trace.span != 0 else { return }
    carrier.set(trace.traceparent, forName: "traceparent")
    let state = outgoingState
    if state.isEmpty {
      carrier.removeValues(forName: "tracestate")
    } else {
      carrier.set(state, forName: "tracestate")
    }
  }

  /// Reads the carrier's trace, if it has exactly one valid traceparent; else the context stays as it is and
  /// the state is ignored.
  @inlinable
  public func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
  ) {
    var count = 0
    var trace: TraceIDs?
    carrier.forEachValue(forName: "traceparent") { value in
      count += 1
      trace = TraceIDs(traceparent: value)
    }
    guard count == 1, let trace else { return }
    context.enterSpan(trace)
    var text = ""
    carrier.forEachValue(forName: "tracestate") { value in
      text = text.isEmpty ? value : text + "," + value
    }
    // Without a state of its own, that of a trace which this one is nested in must not go out with it either.
    if text.isEmpty, baggage == nil { return }
    Self.setState(text, in: &baggage)
  }

  /// The header's value; empty for none.
  @usableFromInline
  var outgoingState: String {
    guard let baggage = CallContext.baggage(of: TraceBaggage.self) else { return "" }
    let state = baggage.state
    if state.header.utf8.count <= maxTraceStateLength { return state.header }
    return state.truncated(toLength: maxTraceStateLength).header
  }

  @usableFromInline
  static func setState(_ text: String, in baggage: inout (any Sendable)?) {
    let state = TraceState(text) ?? TraceState()
    if case .none = baggage {
      if !state.isEmpty { baggage = TraceBaggage(state: state) }
    } else {
      TraceBaggage.update(&baggage) { $0.state = state }
    }
  }
}
