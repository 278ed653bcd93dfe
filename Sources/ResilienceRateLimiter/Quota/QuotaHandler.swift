public import ResilienceCore

/// A handler whose calls stay within quotas; see ``ResilienceCore/Handler/rateLimit(_:refundsRefusals:)`` and
/// ``ResilienceCore/Handler/rateLimit(_:refundsRefusals:cost:)``.
public struct QuotaHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `quota`, with the limiter's name and the quotas.
  public var layer: HandlerLayer? {
    HandlerLayer("quota", named: limiter.name, limiter.quotas.map(\.description).joined(separator: ", "))
  }

  @usableFromInline let limiter: QuotaLimiter
  @usableFromInline let refundsRefusals: Bool
  @usableFromInline let cost: (@Sendable (Base.Input) -> Int)?

  @usableFromInline
  init(
    base: Base, limiter: QuotaLimiter, refundsRefusals: Bool, cost: (@Sendable (Base.Input) -> Int)?
  ) {
    self.base = base
    self.limiter = limiter
    self.refundsRefusals = refundsRefusals
    self.cost = cost
  }

  /// Takes the input's permits of every quota and calls the base.
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
    if permits != 0 { try limiter.enter(permits, &context) }
    do {
      return try await base.perform(input, in: context)
    } catch {
      if refundsRefusals { limiter.refund(permits, takenAt: context.now, ifRefusal: error) }
      throw error
    }
  }
}

extension Handler {
  /// Keeps calls within the quotas of their destination.
  ///
  /// A call that would exceed one is rejected with ``ResilienceRateLimiter/RateLimited``, which says when
  /// there is room again. Put it inside the retry, so that every attempt is counted, as the provider does;
  /// the retry comes back at that time, as far as its attempts and its budget reach.
  ///
  /// - Parameters:
  ///   - limiter: The quotas, shared by everything that uses them up.
  ///   - refundsRefusals: Whether a call's permits go back when it ends with a `Rejection`, such as of a
  ///     breaker further in that is open. Default: yes, since the provider has not seen that call; no around
  ///     a retry, a hedge or a balancer, however deep inside, and around a handler of another package, where
  ///     other attempts may have run before.
  public func rateLimit(_ limiter: QuotaLimiter, refundsRefusals: Bool? = nil)
    -> QuotaHandler<Self>
  {
    QuotaHandler(base: self, limiter: limiter, refundsRefusals: refundsRefusals ?? !mayRepeatCalls, cost: nil)
  }

  /// Keeps calls that cost more or less within the quotas of their destination.
  ///
  /// - Parameters:
  ///   - limiter: The quotas, shared by everything that uses them up.
  ///   - refundsRefusals: Whether a call's permits go back when it ends with a `Rejection`. Default: yes,
  ///     except around what may try more than once.
  ///   - cost: How many permits an input takes; pure and quick. 0 pass without any; less than that, and more
  ///     than the smallest quota, is rejected with ``ResilienceRateLimiter/ImpossiblePermits``.
  public func rateLimit(
    _ limiter: QuotaLimiter, refundsRefusals: Bool? = nil,
    cost: @escaping @Sendable (_ input: Input) -> Int
  ) -> QuotaHandler<Self> {
    QuotaHandler(
      base: self, limiter: limiter, refundsRefusals: refundsRefusals ?? !mayRepeatCalls, cost: cost)
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
  public func rateLimit(_ limiter: QuotaLimiter, refundsRefusals: Bool? = nil) -> QuotaHandler<Self> {
    QuotaHandler(base: self, limiter: limiter, refundsRefusals: refundsRefusals ?? !mayRepeatCalls, cost: nil)
  }

  /// Warns: a provider counts attempts, and the cost of each.
  @available(
    *, deprecated,
    message: """
      a quota around a retry counts calls, and the provider counts attempts; apply .rateLimit first and .retry (or \
      .hedge) after it
      """
  )
  public func rateLimit(
    _ limiter: QuotaLimiter, refundsRefusals: Bool? = nil,
    cost: @escaping @Sendable (_ input: Input) -> Int
  ) -> QuotaHandler<Self> {
    QuotaHandler(
      base: self, limiter: limiter, refundsRefusals: refundsRefusals ?? !mayRepeatCalls, cost: cost)
  }
}
