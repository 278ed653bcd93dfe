public import ResilienceCore

/// A handler whose calls stay within quotas; see ``Handler/rateLimit(_:)`` and ``Handler/rateLimit(_:cost:)``.
@frozen
public struct QuotaHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let limiter: QuotaLimiter
  @usableFromInline let cost: (@Sendable (Base.Input) -> Int)?

  @usableFromInline
  init(base: Base, limiter: QuotaLimiter, cost: (@Sendable (Base.Input) -> Int)?) {
    self.base = base
    self.limiter = limiter
    self.cost = cost
  }

  /// Takes the input's permits of every quota and calls the base.
  ///
  /// - Throws: ``RateLimited`` or ``PermitsExceedBurst`` when the base was not called; else what the base throws.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    var context = context
    let permits = cost.map { $0(input) } ?? 1
    if permits >= 1 { try limiter.enter(permits, &context) }
    return try await base.perform(input, in: context)
  }
}

extension Handler {
  /// Keeps calls within the quotas of their destination.
  ///
  /// A call that would exceed one is rejected with ``RateLimited``, which says when there is room again. Put it inside
  /// the retry, so that every attempt is counted, as the provider does; the retry comes back at that time, as far as its
  /// attempts and its budget reach.
  ///
  /// - Parameter limiter: The quotas, shared by everything that uses them up.
  public func rateLimit(_ limiter: QuotaLimiter) -> QuotaHandler<Self> {
    QuotaHandler(base: self, limiter: limiter, cost: nil)
  }

  /// Keeps calls that cost more or less within the quotas of their destination.
  ///
  /// - Parameters:
  ///   - limiter: The quotas, shared by everything that uses them up.
  ///   - cost: How many permits an input takes; pure and quick. 0 or less passes without any.
  public func rateLimit(
    _ limiter: QuotaLimiter, cost: @escaping @Sendable (_ input: Input) -> Int
  ) -> QuotaHandler<Self> {
    QuotaHandler(base: self, limiter: limiter, cost: cost)
  }
}
