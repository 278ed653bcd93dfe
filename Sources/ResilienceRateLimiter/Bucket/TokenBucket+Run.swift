public import ResilienceCore

extension TokenBucket {
  /// Does one thing under the limit, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`.
  ///
  /// - Parameters:
  ///   - permits: What it costs, 1 or more.
  ///   - mode: Whether to wait for permits. Default: no.
  /// - Throws: ``RateLimited`` or ``PermitsExceedBurst`` when `body` was not run; `CancellationError` when cancelled
  ///   while waiting; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    permits: Int = 1, mode: RateLimitMode = .reject,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    precondition(permits >= 1, "at least 1 permit must be asked for, was \(permits)")
    if !takes(permits, at: context.now) {
      if mode == .reject { try enter(permits, context) } else { try await wait(permits, context) }
    }
    return try await body()
  }
}
