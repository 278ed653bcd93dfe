public import Instrumentation
internal import ResilienceCore
internal import ResilienceTrace

extension InstrumentationContext {
  /// Runs `body` with the toolkit's calls in it being children of the span that `withSpan` has begun.
  ///
  /// ```swift
  /// try await withSpan("checkout") { _ in
  ///   try await ServiceContext.joined { try await charge(order) }
  /// }
  /// ```
  ///
  /// It works with any tracer that writes `traceparent`: the calls, what they send out and the events that
  /// they publish belong to its trace. Of a ``ResilienceTracer``'s spans it also records the attempts. Where
  /// the present call's span is newer than the context's, and where there is no context, it changes nothing.
  ///
  /// - Parameters:
  ///   - isolation: The actor that the body runs on. Default: the caller's.
  ///   - body: The work.
  /// - Throws: What `body` throws.
  public static func joined<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    guard let (context, tracer) = current?.joining(.current) else { return try await body() }
    return try await CallContext.withCurrent(context, isolation: isolation) {
      guard let tracer else { return try await body() }
      return try await tracer.observing(isolation: isolation, body)
    }
  }

  /// Runs `body` with the present call's span in the context, for a tracer that is not the toolkit's: a
  /// `withSpan` in it is the call's child.
  ///
  /// For handlers of events and of requests, whose trace the toolkit has read. A ``ResilienceTracer`` needs
  /// it not.
  ///
  /// - Throws: What `body` throws.
  public static func bound<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = current ?? .topLevel
    context.enter(.current)
    return try await withValue(context, isolation: isolation, operation: body)
  }
}

extension InstrumentationContext {
  func joining(_ call: CallContext) -> (CallContext, CallTracer?)? {
    var joined = call
    if let span {
      guard newestTrace(in: call) == span.trace, span.trace != call.trace else { return nil }
      joined.enterSpan(span.trace)
      return (joined, span.trace.isSampled ? span.tracer : nil)
    }
    // Another tracer's: its ids are what it writes.
    guard !isEmpty, !call.trace.isPresent else { return nil }
    var fields: [String: String] = [:]
    InstrumentationSystem.instrument.inject(self, into: &fields, using: FieldsInjector())
    guard let trace = fields["traceparent"].flatMap({ TraceIDs(traceparent: $0) }) else { return nil }
    joined.enterSpan(trace)
    return (joined, nil)
  }

  fileprivate mutating func enter(_ call: CallContext) {
    var fields: [String: String] = [:]
    W3CTraceContextPropagator().inject(call, into: &fields)
    InstrumentationSystem.instrument.extract(fields, into: &self, using: FieldsExtractor())
  }
}
