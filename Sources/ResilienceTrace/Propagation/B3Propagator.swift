public import ResilienceCore

/// Carries a trace across a process boundary as B3, the format of Zipkin.
///
/// Both forms are read: the single header `b3` and, where there is no valid one, the headers `X-B3-…`. Trace
/// ids of 64 bits are padded with zeros. A trace whose sampling was left open is sampled as the tracer's
/// ``Sampler`` decides for the first span of a trace; `b3: 0` alone, which has no ids, forbids to sample the
/// trace that begins here; "debug" implies "sampled" and is passed on. The id of the caller's parent is
/// checked and not kept: a span says itself who its parent is.
public struct B3Propagator: ContextPropagator {
  /// A form of B3.
  public enum Form: Sendable, Hashable {
    /// One header: `b3`.
    case single

    /// A header for each field: `X-B3-TraceId`, `X-B3-SpanId`, `X-B3-Sampled`, `X-B3-Flags`.
    case multiple
  }

  /// The form that is written.
  public let form: Form

  /// Creates a propagator.
  ///
  /// - Parameter form: What is written. Default: the single header, which proxies and message brokers need.
  public init(writing form: Form = .single) {
    self.form = form
  }

  /// The names of both forms.
  public var fieldNames: [String] {
    ["b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"]
  }

  /// Writes the context's trace in one form and removes what is there in the other; writes that sampling is
  /// denied when that is all there is.
  public func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
    let trace = context.trace
    let hasSpan = trace.isPresent && trace.span != 0
    guard hasSpan || trace.has(TraceIDs.deniedFlag) else { return }
    remove(from: &carrier)
    if form == .single { return carrier.set(hasSpan ? B3.single(trace) : "0", forName: "b3") }
    if hasSpan {
      carrier.set(trace.traceID.description, forName: "x-b3-traceid")
      carrier.set(trace.span.hexadecimal, forName: "x-b3-spanid")
    }
    if trace.has(TraceIDs.debugFlag) {
      carrier.set("1", forName: "x-b3-flags")
    } else if !trace.has(TraceIDs.deferredFlag) {
      carrier.set(trace.isSampled ? "1" : "0", forName: "x-b3-sampled")
    }
  }

  /// Reads the carrier's trace, if it has a valid one; else the context stays as it is.
  public func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
  ) {
    guard let trace = B3.trace(single: carrier) ?? B3.trace(multiple: carrier) else { return }
    context.enterSpan(trace)
    // The state of a trace that this one is nested in must not go out with it.
    TraceBaggage.update(&baggage) { $0.state = TraceState() }
  }
}
