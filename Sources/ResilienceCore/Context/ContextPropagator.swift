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
  /// Writes what `context` and ``Ambient/baggage`` hold into `carrier`; writes nothing when there is nothing.
  func inject(_ context: CallContext, into carrier: inout some ContextCarrier)

  /// Reads what `carrier` holds into `context`.
  ///
  /// Total: malformed values are ignored, as if they were not there. They never fail the request.
  ///
  /// - Returns: What is to be bound as ``Ambient/baggage``; `nil` for none.
  func extract(from carrier: some ContextCarrier, into context: inout CallContext) -> (any Sendable)?
}

extension ContextPropagator {
  /// Runs `body` in the context that `carrier` holds.
  @inlinable
  public func withExtracted<Result>(
    from carrier: some ContextCarrier, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    let baggage = extract(from: carrier, into: &context)
    guard let baggage else { return try await Ambient.withInherited(context, isolation: isolation, body) }
    let extracted = context
    return try await Ambient.withBaggage(baggage, isolation: isolation) {
      try await Ambient.withInherited(extracted, isolation: isolation, body)
    }
  }
}
