public import ResilienceCore

/// A handler whose calls each take a permit of their key; see ``Handler/rateLimit(_:by:)``.
@frozen
public struct KeyedRateLimitHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator {
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let limiter: KeyedRateLimiter<Key>
  @usableFromInline let key: @Sendable (Base.Input) -> Key

  @usableFromInline
  init(base: Base, limiter: KeyedRateLimiter<Key>, key: @escaping @Sendable (Base.Input) -> Key) {
    self.base = base
    self.limiter = limiter
    self.key = key
  }

  /// Takes a permit of the input's key and calls the base.
  ///
  /// - Throws: ``RateLimited`` when the base was not called; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    try limiter.enter(key(input), &context)
    return try await base.handle(input, context: context)
  }
}

extension Handler {
  /// Limits how often the handler is called for each key.
  ///
  /// ```swift
  /// let gateway = routes.rateLimit(perCustomer, by: { request in request.customer })
  /// ```
  ///
  /// - Parameters:
  ///   - limiter: The limit of each key.
  ///   - key: Which key an input belongs to; pure and quick.
  public func rateLimit<Key: Hashable & Sendable>(
    _ limiter: KeyedRateLimiter<Key>, by key: @escaping @Sendable (_ input: Input) -> Key
  ) -> KeyedRateLimitHandler<Self, Key> {
    KeyedRateLimitHandler(base: self, limiter: limiter, key: key)
  }
}
