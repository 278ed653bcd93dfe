public import ResilienceCore

extension KeyedRateLimiter {
  /// Does one thing under the limit of a key, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`.
  ///
  /// - Parameters:
  ///   - key: Whose permits it takes.
  ///   - permits: What it costs, 1 or more.
  /// - Throws: ``RateLimited`` or ``PermitsExceedBurst`` when `body` was not run; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    key: Key, permits: Int = 1, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    try enter(permits, key, &context)
    return try await body()
  }
}
