public import ResilienceCore

extension KeyedQuotaLimiter {
  /// Does one thing within the quotas of a key, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`.
  ///
  /// - Parameters:
  ///   - key: Whose permits it takes.
  ///   - permits: What it costs; 0 pass without any. Default: 1.
  ///   - refundsRefusals: Whether the permits go back when `body` throws a `Rejection`, as nothing ran.
  ///     Default: no, as a limit for each key counts that somebody asks.
  ///   - body: The work.
  /// - Throws: ``RateLimited`` or ``ImpossiblePermits`` when `body` was not run; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    key: Key, permits: Int = 1, refundsRefusals: Bool = false,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    try enter(permits, key, &context)
    do {
      return try await body()
    } catch {
      if refundsRefusals { refund(permits, key, takenAt: context.now, ifRefusal: error) }
      throw error
    }
  }
}
