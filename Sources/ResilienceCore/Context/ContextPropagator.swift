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
  /// The names that it writes, in lower case, for ``remove(from:)``. Default: none.
  var fieldNames: [String] { get }

  /// Writes what `context` and ``CallContext/baggage`` hold into `carrier`; writes nothing when there is
  /// nothing.
  ///
  /// What it writes replaces what is there under the same names, also where that belonged to another request.
  func inject(_ context: CallContext, into carrier: inout some ContextCarrier)

  /// Reads what `carrier` holds into `context`.
  ///
  /// Total: malformed values are ignored, as if they were not there. They never fail the request.
  ///
  /// - Parameters:
  ///   - carrier: Where the names and values are.
  ///   - context: What the call will start from.
  ///   - baggage: What will be bound as ``CallContext/baggage``; comes in as what is bound now. Add to it
  ///     with ``CombinedBaggage/setting(_:in:)``, so that what other propagators and the application put
  ///     there stays.
  func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?)
}

extension ContextPropagator {
  /// None.
  public var fieldNames: [String] { [] }

  /// Removes from `carrier` everything that this format writes: for a request that must not carry the context
  /// further, as one to a stranger.
  public func remove(from carrier: inout some ContextCarrier) {
    for name in fieldNames { carrier.removeValues(forName: name) }
  }

  /// Runs `body` in the context that `carrier` holds.
  @inlinable
  @inline(__always)
  public func withExtracted<Result>(
    from carrier: some ContextCarrier, isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    var context = CallContext.current
    let outer = CallContext.boundBaggage()
    let baggage = extract(from: carrier, into: &context, beside: outer)
    let extracted = context
    if outer.isNone, baggage.isNone {
      return try await CallContext.withCurrent(extracted, isolation: isolation, body)
    }
    return try await CallContext.baggageKey.withValue(baggage) {
      try await CallContext.inheritedKey.withValue(extracted.inherited.unchanged) {
        _ = isolation
        return try await body()
      }
    }
  }

  /// Apart, so that no existential crosses the awaits.
  @inlinable
  @inline(__always)
  func extract(
    from carrier: some ContextCarrier, into context: inout CallContext, beside outer: BoundBaggage
  ) -> BoundBaggage {
    var baggage = outer.value
    extract(from: carrier, into: &context, baggage: &baggage)
    return BoundBaggage(baggage)
  }
}

// MARK: - Fields of any type

extension ContextPropagator {
  /// Writes into fields that are no ``ContextCarrier``, in their place.
  @inlinable
  public func inject<Fields>(
    _ context: CallContext, into fields: inout Fields, through access: FieldAccess<Fields>
  ) {
    // Moved out and in again: a second owner would make the fields copy themselves.
    var carrier = FieldCarrier(consume fields, through: access)
    inject(context, into: &carrier)
    fields = carrier.fields
  }

  /// Removes what this format writes from fields that are no ``ContextCarrier``.
  @inlinable
  public func remove<Fields>(from fields: inout Fields, through access: FieldAccess<Fields>) {
    var carrier = FieldCarrier(consume fields, through: access)
    remove(from: &carrier)
    fields = carrier.fields
  }

  /// Runs `body` in the context that fields hold which are no ``ContextCarrier``.
  @inlinable
  public func withExtracted<Fields, Result>(
    from fields: Fields, through access: FieldAccess<Fields>,
    isolation: isolated (any Actor)? = #isolation,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await withExtracted(from: FieldCarrier(fields, through: access), isolation: isolation, body)
  }
}
