public import ResilienceCore

extension TokenBucket {
  /// Does one thing under the limit, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`.
  ///
  /// - Parameters:
  ///   - permits: What it costs; 0 pass without any. Default: 1.
  ///   - mode: Whether to wait for permits. Default: no.
  ///   - refundsRefusals: Whether the permits go back when `body` throws a `Rejection`, as nothing ran.
  ///     Default: yes; say no where `body` may try more than once, since attempts before may have been made.
  ///   - body: The work.
  /// - Throws: ``RateLimited`` or ``ImpossiblePermits`` when `body` was not run; `CancellationError` when
  ///   cancelled while waiting; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    permits: Int = 1, mode: RateLimitMode = .reject, refundsRefusals: Bool = true,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    if !takes(permits, at: context.now) {
      if mode == .reject { try enter(permits, context) } else { try await wait(permits, context) }
    }
    do {
      return try await body()
    } catch {
      if refundsRefusals { refund(permits, ifRefusal: error) }
      throw error
    }
  }
}
