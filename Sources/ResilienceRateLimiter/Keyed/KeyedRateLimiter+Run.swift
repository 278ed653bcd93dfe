public import ResilienceCore

extension KeyedRateLimiter {
  /// Does one thing under the limit of a key, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`.
  ///
  /// - Parameter key: Whose permit it takes.
  /// - Throws: ``RateLimited`` when `body` was not run; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    key: Key, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    try enter(key, &context)
    return try await body()
  }
}
