public import Resilience

/// A handler whose calls each take permits that several processes share; see
/// `Handler.rateLimit(_:mode:)`.
public struct SharedRateLimitHandler<Base: Handler>: HandlerDecorator {
  /// The wrapped handler.
  public let base: Base

  let limiter: SharedRateLimiter
  let mode: RateLimitMode
  let cost: (@Sendable (Base.Input) -> Int)?

  /// The kind `shared rate limit`, with name and limit.
  public var layer: HandlerLayer? {
    HandlerLayer("shared rate limit", "\(limiter.name) (\(limiter.limit))")
  }

  /// Takes the permits, or waits for them, and calls the base.
  ///
  /// - Throws: `RateLimited` or `ImpossiblePermits` when the base was not called; `CancellationError` when
  ///   cancelled before; else what the base throws.
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    try await limiter.enter(cost.map { $0(input) } ?? 1, mode, context)
    return try await base.handle(input, context: context)
  }
}

extension Handler {
  /// Limits how often the handler is called, by all processes together.
  ///
  /// - Parameters:
  ///   - limiter: The limit, shared by everything it is for.
  ///   - mode: Whether a call waits for its permits. Default: no, it is rejected with `RateLimited`.
  ///   - cost: How many permits an input takes; pure and quick. Default: 1.
  public func rateLimit(
    _ limiter: SharedRateLimiter, mode: RateLimitMode = .reject,
    cost: (@Sendable (_ input: Input) -> Int)? = nil
  ) -> SharedRateLimitHandler<Self> {
    SharedRateLimitHandler(base: self, limiter: limiter, mode: mode, cost: cost)
  }
}

extension SharedRateLimiter {
  /// Does one thing within the limit, in place.
  ///
  /// - Parameters:
  ///   - permits: What it costs; 0 pass without any. Default: 1.
  ///   - mode: Whether it waits for its permits. Default: no.
  ///   - body: The work; it runs on the caller's actor.
  /// - Throws: `RateLimited` or `ImpossiblePermits` when `body` was not run; `CancellationError` when
  ///   cancelled before; else what `body` throws.
  public nonisolated(nonsending) func run<Result>(
    permits: Int = 1, mode: RateLimitMode = .reject,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await enter(permits, mode, CallContext.current)
    return try await body()
  }
}
