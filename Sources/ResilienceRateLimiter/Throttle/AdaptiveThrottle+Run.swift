public import ResilienceCore

extension AdaptiveThrottle {
  /// Makes one call, unless it is held back, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`. What it
  /// throws is classified as a handler's error is by default, what it returns as a success.
  ///
  /// - Throws: ``Throttled`` when `body` was not run; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    var context = CallContext.current
    let permit = try enter(&context)
    do {
      let result = try await body()
      record(Outcome(ofValue: result, in: context), of: permit)
      return result
    } catch {
      record(Outcome(ofError: error, in: context), of: permit)
      throw error
    }
  }
}
