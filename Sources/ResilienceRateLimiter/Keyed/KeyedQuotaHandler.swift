public import ResilienceCore

/// A handler whose calls each stay within the quotas of their key; see
/// `.rateLimit(_:refundsRefusals:by:cost:)`.
@frozen
public struct KeyedQuotaHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `quota`, with the limiter's name and the quotas of each key.
  public var layer: HandlerLayer? {
    let quotas = limiter.quotas.map(\.description).joined(separator: ", ")
    return HandlerLayer("quota", named: limiter.name, "\(quotas), by key")
  }

  @usableFromInline let limiter: KeyedQuotaLimiter<Key>
  @usableFromInline let refundsRefusals: Bool
  @usableFromInline let key: @Sendable (Base.Input) -> Key
  @usableFromInline let cost: (@Sendable (Base.Input) -> Int)?

  @usableFromInline
  init(
    base: Base, limiter: KeyedQuotaLimiter<Key>, refundsRefusals: Bool,
    key: @escaping @Sendable (Base.Input) -> Key, cost: (@Sendable (Base.Input) -> Int)?
  ) {
    self.base = base
    self.limiter = limiter
    self.refundsRefusals = refundsRefusals
    self.key = key
    self.cost = cost
  }

  /// Takes the input's permits of every quota of its key and calls the base.
  ///
  /// - Throws: ``RateLimited`` or ``ImpossiblePermits`` when the base was not called; else what the base
  ///   throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let permits = cost.map { $0(input) } ?? 1
    if permits != 0 { try limiter.enter(permits, key(input), &context) }
    do {
      return try await base.perform(input, in: context)
    } catch {
      if refundsRefusals { limiter.refund(permits, key(input), takenAt: context.now, ifRefusal: error) }
      throw error
    }
  }
}

extension Handler {
  /// Keeps calls within the quotas of their key.
  ///
  /// ```swift
  /// let get = get.rateLimit(perAccount, by: { request in request.account })
  /// ```
  ///
  /// A call that would exceed one is rejected with ``ResilienceRateLimiter/RateLimited``, which says when
  /// there is room again. Put it inside the retry, so that every attempt is counted, as the provider does.
  ///
  /// - Parameters:
  ///   - limiter: The quotas of each key.
  ///   - refundsRefusals: Whether a call's permits go back when it ends with a `Rejection`, such as of a
  ///     breaker further in that is open. Default: no: a quota for each customer counts that somebody asks.
  ///     Say yes where keys are accounts with a provider, and no layer inside tries more than once.
  ///   - key: Which key an input belongs to; pure and quick.
  ///   - cost: How many permits an input takes; pure and quick. 0 pass without any; less than that, and more
  ///     than the smallest quota, is rejected with ``ResilienceRateLimiter/ImpossiblePermits``. Default: one
  ///     each.
  public func rateLimit<Key: Hashable & Sendable>(
    _ limiter: KeyedQuotaLimiter<Key>, refundsRefusals: Bool = false,
    by key: @escaping @Sendable (_ input: Input) -> Key, cost: (@Sendable (_ input: Input) -> Int)? = nil
  ) -> KeyedQuotaHandler<Self, Key> {
    KeyedQuotaHandler(base: self, limiter: limiter, refundsRefusals: refundsRefusals, key: key, cost: cost)
  }
}

extension RetriesInside {
  /// Warns: a provider counts attempts.
  @available(
    *, deprecated,
    message: """
      a quota around a retry counts calls, and the provider counts attempts; apply .rateLimit first and .retry (or \
      .hedge) after it
      """
  )
  public func rateLimit<Key: Hashable & Sendable>(
    _ limiter: KeyedQuotaLimiter<Key>, refundsRefusals: Bool = false,
    by key: @escaping @Sendable (_ input: Input) -> Key, cost: (@Sendable (_ input: Input) -> Int)? = nil
  ) -> KeyedQuotaHandler<Self, Key> {
    KeyedQuotaHandler(base: self, limiter: limiter, refundsRefusals: refundsRefusals, key: key, cost: cost)
  }
}
