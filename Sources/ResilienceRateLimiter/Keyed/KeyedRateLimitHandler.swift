public import ResilienceCore

/// A handler whose calls each take permits of their key; see ``Handler/rateLimit(_:by:cost:)``.
@frozen
public struct KeyedRateLimitHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator, BuiltInHandler
{
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let limiter: KeyedRateLimiter<Key>
  @usableFromInline let key: @Sendable (Base.Input) -> Key

  @usableFromInline let cost: (@Sendable (Base.Input) -> Int)?

  @usableFromInline
  init(
    base: Base, limiter: KeyedRateLimiter<Key>, key: @escaping @Sendable (Base.Input) -> Key,
    cost: (@Sendable (Base.Input) -> Int)?
  ) {
    self.base = base
    self.limiter = limiter
    self.key = key
    self.cost = cost
  }

  /// Takes the input's permits of its key and calls the base.
  ///
  /// - Throws: ``RateLimited`` or ``PermitsExceedBurst`` when the base was not called; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let permits = cost.map { $0(input) } ?? 1
    if permits >= 1 { try limiter.enter(permits, key(input), &context) }
    return try await base.perform(input, in: context)
  }
}

extension Handler {
  /// Limits how often the handler is called for each key.
  ///
  /// ```swift
  /// let gateway = routes.rateLimit(perCustomer, by: { request in request.customer })
  /// ```
  ///
  /// A call without a permit does not wait: in a line for each key, a caller that sends too much would only wait longer.
  /// It is rejected with ``RateLimited``, which says when to come back. A retry around it comes back then, but is no queue: its
  /// attempts and its budget are bounded, and calls that were told the same time compete again. To wait in turn, use a
  /// ``TokenBucket`` with `mode: .wait`.
  ///
  /// - Parameters:
  ///   - limiter: The limit of each key.
  ///   - key: Which key an input belongs to; pure and quick.
  ///   - cost: How many permits an input takes; pure and quick. 0 or less passes without any. Default: one each.
  public func rateLimit<Key: Hashable & Sendable>(
    _ limiter: KeyedRateLimiter<Key>, by key: @escaping @Sendable (_ input: Input) -> Key,
    cost: (@Sendable (_ input: Input) -> Int)? = nil
  ) -> KeyedRateLimitHandler<Self, Key> {
    KeyedRateLimitHandler(base: self, limiter: limiter, key: key, cost: cost)
  }
}
