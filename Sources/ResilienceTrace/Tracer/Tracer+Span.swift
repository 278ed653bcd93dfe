public import ResilienceCore

extension Tracer {
  /// Runs `body` in a span of its own, on the caller's actor.
  ///
  /// ```swift
  /// let price = try await tracer.span("price") { try await priceList.price(of: basket) }
  /// ```
  ///
  /// Calls made in `body` belong to the span. A value is a success unless it is `PushbackProviding` and says otherwise. A thrown
  /// error counts as a failure; the caller's cancellation, and a refusal by one of our own layers, as neutral.
  ///
  /// - Parameters:
  ///   - name: What it stands for.
  ///   - kind: Call or delivery. Default: call.
  ///   - body: The work.
  /// - Throws: What `body` throws.
  @inlinable
  public func span<Result>(
    _ name: String, kind: SpanKind = .call, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    let call = CallContext.current
    var span = call
    enterSpan(&span)
    do {
      let result = try await CallContext.withCurrent(span, isolation: isolation, body)
      if span.trace.isSampled {
        exitSpan(span, from: call, name, kind, Outcome(ofValue: result).verdict, nil)
      }
      return result
    } catch {
      exitSpan(span, from: call, name, kind, Outcome(ofError: error, in: call).verdict, error)
      throw error
    }
  }
}
