public import ResilienceCore

extension CallTracer {
  /// Runs `body` in a span of its own, on the caller's actor.
  ///
  /// ```swift
  /// let price = try await tracer.span("price") { try await priceList.price(of: basket) }
  /// ```
  ///
  /// Calls made in `body` belong to the span. A value is a success unless it is `PushbackProviding` and says
  /// otherwise. A thrown error counts as a failure; the caller's cancellation, and a refusal by one of our
  /// own layers, as neutral.
  ///
  /// - Parameters:
  ///   - name: What it stands for.
  ///   - kind: How it stands to its caller. Default: `.internal`.
  ///   - isolation: The actor that the body runs on. Default: the caller's.
  ///   - body: The work. What is to be known of the span is said in it, with ``SpanAnnotation``.
  /// - Throws: What `body` throws.
  @inlinable
  public func span<Result>(
    _ name: String, kind: SpanRecord.Kind = .internal, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    let call = CallContext.current
    var span = call
    if _slowPath(enterSpan(&span)) {
      let scope = makeScope(&span, from: call)
      let entered = span
      return try await scope.run(isolation: isolation) {
        try await run(entered, from: call, name, kind, isolation: isolation, body)
      }
    }
    return try await run(span, from: call, name, kind, isolation: isolation, body)
  }

  @inlinable
  @inline(__always)
  func run<Result>(
    _ span: CallContext, from call: CallContext, _ name: String, _ kind: SpanRecord.Kind,
    isolation: isolated (any Actor)?, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    do {
      let result = try await CallContext.withCurrent(span, isolation: isolation, body)
      if span.trace.isSampled {
        exitSpan(span, from: call, name, kind, Outcome(ofValue: result, in: call).verdict, nil)
      }
      return result
    } catch {
      exitSpan(span, from: call, name, kind, Outcome(ofError: error, in: call).verdict, error)
      throw error
    }
  }
}
