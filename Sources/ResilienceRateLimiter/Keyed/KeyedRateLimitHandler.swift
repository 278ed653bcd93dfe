public import ResilienceCore
internal import Synchronization

/// A handler whose calls each take permits of their key; see
/// `.rateLimit(_:refundsRefusals:by:cost:)`.
@frozen
public struct KeyedRateLimitHandler<Base: Handler, Key: Hashable & Sendable>: HandlerDecorator, BuiltInHandler
{
  /// The wrapped handler.
  public let base: Base

  /// The kind `rate limit`, with name and limit, and how many keys have one of their own.
  public var layer: HandlerLayer? {
    let own = limiter.ownLimits.load(ordering: .relaxed)
    let others = own == 0 ? "" : ", \(own) with a limit of their own"
    return HandlerLayer("rate limit", named: limiter.name, "\(limiter.limit), by key\(others)")
  }

  @usableFromInline let limiter: KeyedRateLimiter<Key>
  @usableFromInline let refundsRefusals: Bool
  @usableFromInline let key: @Sendable (Base.Input) -> Key
  @usableFromInline let cost: (@Sendable (Base.Input) -> Int)?

  @usableFromInline
  init(
    base: Base, limiter: KeyedRateLimiter<Key>, refundsRefusals: Bool,
    key: @escaping @Sendable (Base.Input) -> Key, cost: (@Sendable (Base.Input) -> Int)?
  ) {
    self.base = base
    self.limiter = limiter
    self.refundsRefusals = refundsRefusals
    self.key = key
    self.cost = cost
  }

  /// Takes the input's permits of its key and calls the base.
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
      if refundsRefusals { limiter.refund(permits, key(input), ifRefusal: error) }
      throw error
    }
  }
}

extension Handler {
  /// Limits how often the handler is called for each key.
  ///
  /// ```swift
  /// let gateway = routes.rateLimit(perCustomer, by: { request in request.customer })
  /// ```
  ///
  /// A call without a permit does not wait: in a line for each key, a caller that sends too much would only
  /// wait longer. It is rejected with ``ResilienceRateLimiter/RateLimited``, which says when to come back. A
  /// retry around it comes back then, but is no queue: its attempts and its budget are bounded, and calls
  /// that were told the same time compete again. To wait in turn, use a ``ResilienceRateLimiter/TokenBucket``
  /// with `mode: .wait`.
  ///
  /// - Parameters:
  ///   - limiter: The limit of each key.
  ///   - refundsRefusals: Whether a call's permits go back when it ends with a `Rejection`, such as of a
  ///     breaker further in that is open. Default: no: a limit for each customer or address counts that
  ///     somebody asks, and one who goes on asking while nothing can be done for him is who it is for. Say
  ///     yes where keys are destinations, and no layer inside tries more than once.
  ///   - key: Which key an input belongs to; pure and quick.
  ///   - cost: How many permits an input takes; pure and quick. 0 pass without any; less than that, and more
  ///     than the burst, is rejected with ``ResilienceRateLimiter/ImpossiblePermits``. Default: one each.
  public func rateLimit<Key: Hashable & Sendable>(
    _ limiter: KeyedRateLimiter<Key>, refundsRefusals: Bool = false,
    by key: @escaping @Sendable (_ input: Input) -> Key, cost: (@Sendable (_ input: Input) -> Int)? = nil
  ) -> KeyedRateLimitHandler<Self, Key> {
    KeyedRateLimitHandler(
      base: self, limiter: limiter, refundsRefusals: refundsRefusals, key: key, cost: cost)
  }
}
