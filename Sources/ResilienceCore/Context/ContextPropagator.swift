/// Carries a call's context across a process boundary, in one format.
///
/// ```swift
/// var headers: [String: String] = [:]
/// propagator.inject(.current, into: &headers)                    // on the way out
///
/// try await propagator.withExtracted(from: request.headers) {    // on the way in
///   try await handler(request)
/// }
/// ```
public protocol ContextPropagator: Sendable {
  /// Writes what `context` and ``CallContext/baggage`` hold into `carrier`; writes nothing when there is nothing.
  func inject(_ context: CallContext, into carrier: inout some ContextCarrier)

  /// Reads what `carrier` holds into `context`.
  ///
  /// Total: malformed values are ignored, as if they were not there. They never fail the request.
  ///
  /// - Parameters:
  ///   - carrier: Where the names and values are.
  ///   - context: What the call will start from.
  ///   - baggage: What will be bound as ``CallContext/baggage``; comes in as what is bound now, so that several propagators
  ///     can add to it.
  func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?)
}

extension ContextPropagator {
  /// Runs `body` in the context that `carrier` holds.
  @inlinable
  public func withExtracted<Result>(
    from carrier: some ContextCarrier, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    let outer = CallContext.baggage
    var baggage = outer
    extract(from: carrier, into: &context, baggage: &baggage)
    let extracted = context
    if baggage == nil, outer == nil {
      return try await CallContext.withCurrent(extracted, isolation: isolation, body)
    }
    return try await CallContext.withBaggage(baggage, isolation: isolation) {
      try await CallContext.withCurrent(extracted, isolation: isolation, body)
    }
  }
}
