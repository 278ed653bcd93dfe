public import ResilienceCore

extension QuotaLimiter {
  /// Does one thing within the quotas, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`.
  ///
  /// - Parameter permits: What it costs, 1 or more.
  /// - Throws: ``RateLimited`` or ``PermitsExceedBurst`` when `body` was not run; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    permits: Int = 1, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    try enter(permits, &context)
    return try await body()
  }
}
