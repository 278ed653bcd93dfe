public import Instrumentation
internal import ResilienceCore
public import ResilienceTrace
public import Tracing

/// The toolkit's tracer as a `Tracer` of swift-distributed-tracing: what other packages say with `withSpan`
/// becomes spans of the same trace, in the same store.
///
/// ```swift
/// let tracer = CallTracer("checkout", store: store, reporter: reporter)
/// InstrumentationSystem.bootstrap(ResilienceTracer(tracer))
/// ```
///
/// A `withSpan` inside a `.trace` is its child, with no more ado. The other way round, a call of the toolkit
/// inside a `withSpan` is the span's child where it says so, with
/// ``ResilienceCore/Handler/joiningServiceContext()``: `withSpan` binds a context of its own, which the
/// toolkit does not read for every call.
///
/// As an `Instrument` it reads and writes W3C's `traceparent` and `tracestate`.
public struct ResilienceTracer: Tracer {
  /// Makes and records the spans.
  public let tracer: CallTracer

  /// Creates a tracer.
  ///
  /// - Parameter tracer: Makes and records the spans.
  public init(_ tracer: CallTracer) {
    self.tracer = tracer
  }

  /// Begins a span: a child of the span of `context`, or of the present call's where that is the newer one;
  /// else the first of a trace.
  public func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> ResilienceSpan {
    let outer = context()
    let around = CallContext.current
    var parent = around
    parent.enterSpan(outer.newestTrace(in: around) ?? around.trace)
    let span = tracer.startSpan(kind: SpanRecord.Kind(kind), from: parent, at: around.instant(of: instant()))
    return ResilienceSpan(
      span, operationName, outer.entering(span.context.trace, around: around, tracer), around)
  }

  /// Nothing: a `SpanReporter` sends in its own rhythm.
  public func forceFlush() {}
}

extension ResilienceTracer: Instrument {
  /// Reads `traceparent` and `tracestate`; leaves the context as it is where there is no valid trace.
  public func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    guard
      let trace = extractor.extract(key: "traceparent", from: carrier).flatMap({ TraceIDs(traceparent: $0) })
    else { return }
    let state = extractor.extract(key: "tracestate", from: carrier).flatMap { TraceState($0) }
    context = context.entering(trace, around: .current, tracer, state: state)
  }

  /// Writes `traceparent` and `tracestate` of the newest span; nothing when there is none.
  public func inject<Carrier, Inject: Injector>(
    _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    var call = CallContext.current
    guard let trace = context.newestTrace(in: call), trace.span != 0 else { return }
    call.enterSpan(trace)
    var fields: [String: String] = [:]
    W3CTraceContextPropagator().inject(call, into: &fields)
    if fields["tracestate"] == nil, let state = context.span?.state { fields["tracestate"] = state.header }
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      injector.inject(value, forKey: name, into: &carrier)
    }
  }
}
