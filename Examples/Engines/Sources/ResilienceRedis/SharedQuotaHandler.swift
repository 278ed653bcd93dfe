public import Resilience

/// A handler whose calls stay within quotas that several processes share; see
/// `Handler.rateLimit(_:key:cost:)`.
public struct SharedQuotaHandler<Base: Handler>: HandlerDecorator {
  /// The wrapped handler.
  public let base: Base

  let quota: SharedQuota
  let key: (@Sendable (Base.Input) -> String)?
  let cost: (@Sendable (Base.Input) -> Int)?

  /// The kind `shared quota`, with the name and the quotas.
  public var layer: HandlerLayer? {
    HandlerLayer(
      "shared quota", "\(quota.name) (\(quota.quotas.map(\.description).joined(separator: ", ")))")
  }

  /// Takes the input's permits of every quota and calls the base.
  ///
  /// - Throws: `RateLimited`, `ImpossiblePermits` or ``RedisError`` when the base was not called; else what
  ///   the base throws.
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    try await quota.enter(cost.map { $0(input) } ?? 1, key.map { $0(input) } ?? "", context)
    return try await base.handle(input, context: context)
  }
}

extension Handler {
  /// Keeps the calls of all processes within quotas.
  ///
  /// - Parameters:
  ///   - quota: The quotas, shared by everything that uses them up.
  ///   - key: Whose permits an input takes; pure and quick. Default: one for all.
  ///   - cost: How many permits an input takes; pure and quick. Default: 1.
  public func rateLimit(
    _ quota: SharedQuota, key: (@Sendable (_ input: Input) -> String)? = nil,
    cost: (@Sendable (_ input: Input) -> Int)? = nil
  ) -> SharedQuotaHandler<Self> {
    SharedQuotaHandler(base: self, quota: quota, key: key, cost: cost)
  }
}

extension SharedQuota {
  /// Does one thing within the quotas, in place.
  ///
  /// - Parameters:
  ///   - permits: What it costs; 0 pass without any. Default: 1.
  ///   - key: Whose permits it takes. Default: one for all.
  ///   - body: The work; it runs on the caller's actor.
  /// - Throws: `RateLimited`, `ImpossiblePermits` or ``RedisError`` when `body` was not run; else what `body`
  ///   throws.
  public nonisolated(nonsending) func run<Result>(
    permits: Int = 1, for key: String = "", _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await enter(permits, key, CallContext.current)
    return try await body()
  }
}
