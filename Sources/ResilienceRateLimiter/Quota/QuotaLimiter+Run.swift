public import ResilienceCore

extension QuotaLimiter {
  /// Does one thing within the quotas, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`.
  ///
  /// - Parameters:
  ///   - permits: What it costs; 0 pass without any. Default: 1.
  ///   - refundsRefusals: Whether the permits go back when `body` throws a `Rejection`, as nothing ran.
  ///     Default: yes; say no where `body` may try more than once, since attempts before may have been made.
  ///   - body: The work.
  /// - Throws: ``RateLimited`` or ``ImpossiblePermits`` when `body` was not run; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    permits: Int = 1, refundsRefusals: Bool = true,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    try enter(permits, &context)
    do {
      return try await body()
    } catch {
      if refundsRefusals { refund(permits, takenAt: context.now, ifRefusal: error) }
      throw error
    }
  }
}
