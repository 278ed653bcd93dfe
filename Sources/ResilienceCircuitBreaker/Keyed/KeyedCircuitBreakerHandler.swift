public import ResilienceCore

/// A handler whose calls each pass through the breaker of their key; see
/// ``ResilienceCore/Handler/circuitBreaker(_:by:)``.
@frozen
public struct KeyedCircuitBreakerHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator,
  BuiltInHandler
{
  /// The wrapped handler.
  public let base: Base

  /// The kind `circuit breaker`, by key.
  public var layer: HandlerLayer? {
    HandlerLayer("circuit breaker", breakers.name.isEmpty ? "by key" : "\(breakers.name), by key")
  }

  @usableFromInline let breakers: CircuitBreakers<Key>
  @usableFromInline let key: @Sendable (Base.Input) -> Key

  @usableFromInline
  init(base: Base, breakers: CircuitBreakers<Key>, key: @escaping @Sendable (Base.Input) -> Key) {
    self.base = base
    self.breakers = breakers
    self.key = key
  }

  /// Calls the base if the breaker of the input's key admits it, and tells the breaker what became of it.
  ///
  /// - Throws: ``CircuitOpen`` when the call was not made; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let breaker = breakers.breaker(for: key(input), at: context.now)
    return try await CircuitBreakerHandler(base: base, breaker: breaker).handle(input, context: context)
  }
}

extension Handler {
  /// Stops calling for the keys whose destination fails.
  ///
  /// ```swift
  /// let report = fetch.circuitBreaker(perTenant, by: { request in request.tenant })
  /// ```
  ///
  /// - Parameters:
  ///   - breakers: The breaker of each key.
  ///   - key: Which key an input belongs to; pure and quick.
  public func circuitBreaker<Key: Hashable & Sendable>(
    _ breakers: CircuitBreakers<Key>, by key: @escaping @Sendable (_ input: Input) -> Key
  ) -> KeyedCircuitBreakerHandler<Self, Key> {
    KeyedCircuitBreakerHandler(base: self, breakers: breakers, key: key)
  }
}

extension RetriesInside {
  /// Stops calling for the keys whose destination fails; a mistake around a retry.
  @available(
    *, deprecated,
    message: """
      a breaker around a retry sees one result where the destination saw several calls, and the retry goes on calling \
      a destination that is down; apply .circuitBreaker first and .retry (or .hedge) after it
      """
  )
  public func circuitBreaker<Key: Hashable & Sendable>(
    _ breakers: CircuitBreakers<Key>, by key: @escaping @Sendable (_ input: Input) -> Key
  ) -> KeyedCircuitBreakerHandler<Self, Key> {
    KeyedCircuitBreakerHandler(base: self, breakers: breakers, key: key)
  }
}

extension AnswersFailures {
  /// Warns: the breakers see no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a breaker around a fallback sees no failure that the fallback answers; apply .circuitBreaker first and \
      .fallback after it
      """
  )
  public func circuitBreaker<Key: Hashable & Sendable>(
    _ breakers: CircuitBreakers<Key>, by key: @escaping @Sendable (_ input: Input) -> Key
  ) -> KeyedCircuitBreakerHandler<Self, Key> {
    KeyedCircuitBreakerHandler(base: self, breakers: breakers, key: key)
  }
}
