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
    var fields = TraceFields(traceparent: trace.traceparent, tracestate: outgoingState)
    fields.move(into: &carrier)
  }

  /// Reads the carrier's trace, if it has exactly one valid traceparent; else the context stays as it is and
  /// the state is ignored.
  @inlinable
  public func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
  ) {
    let fields = TraceFields(in: carrier)
    guard let trace = TraceIDs(traceparent: fields.traceparent) else { return }
    context.enterSpan(trace)
    // Without a state of its own, that of a trace which this one is nested in must not go out with it either.
    if fields.tracestate.isEmpty, baggage == nil { return }
    TraceBaggage.setState(fields.tracestate, in: &baggage)
  }

  /// The header's value; empty for none.
  @usableFromInline
  var outgoingState: String {
    let header = TraceBaggage.stateHeader
    if header.utf8.count <= maxTraceStateLength { return header }
    return TraceBaggage.current.state.truncated(toLength: maxTraceStateLength).header
  }
}

// MARK: - Without an existential between

// What every propagator has, again: as text the state goes from the carrier to the task-local, and takes no
// allocation.
extension W3CTraceContextPropagator {
  /// Runs `body` in the context that `carrier` holds.
  @inlinable
  @inline(__always)
  public func withExtracted<Result>(
    from carrier: some ContextCarrier, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    if CallContext.hasBaggage {
      return try await withExtracted(besideBaggageFrom: carrier, isolation: isolation, body)
    }
    var context = CallContext.current
    let state = Self.extract(TraceFields(in: carrier), into: &context)
    return try await CallContext.withCurrent(
      context, baggage: state, of: TraceBaggage.self, isolation: isolation, body)
  }

  /// Runs `body` in the context that fields hold which are no ``ResilienceCore/ContextCarrier``.
  @inlinable
  @inline(__always)
  public func withExtracted<Fields, Result>(
    from fields: Fields, through access: FieldAccess<Fields>,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await withExtracted(from: FieldCarrier(fields, through: access), isolation: isolation, body)
  }

  @inlinable
  func withExtracted<Result>(
    besideBaggageFrom carrier: some ContextCarrier, isolation: isolated (any Actor)?,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    var baggage = CallContext.baggage
    extract(from: carrier, into: &context, baggage: &baggage)
    let extracted = context
    return try await CallContext.withBaggage(baggage, isolation: isolation) {
      try await CallContext.withCurrent(extracted, isolation: isolation, body)
    }
  }

  /// - Returns: The state; empty for none.
  @inlinable
  @inline(__always)
  static func extract(_ fields: TraceFields, into context: inout CallContext) -> String {
    guard let trace = TraceIDs(traceparent: fields.traceparent) else { return "" }
    context.enterSpan(trace)
    return fields.tracestate.isEmpty ? "" : TraceState.valid(fields.tracestate)
  }
}
