public import ResilienceCore

extension CircuitBreaker {
  /// Makes one call through the breaker, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`. A
  /// returned value is a success unless it is ``ResilienceCore/PushbackProviding`` and says otherwise. A
  /// ``ResilienceCore/Rejection`` is neutral, and so is whatever is thrown after the caller cancelled; any
  /// other error is a failure, also a `CancellationError` that the caller did not cause.
  ///
  /// - Throws: ``CircuitOpen`` when the call was not made; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    let context = CallContext.current
    let token = try admit(context)
    do {
      let result = try await body()
      record(token, Outcome(ofValue: result, in: context), context)
      return result
    } catch {
      recordThrown(token, Outcome(ofError: error, in: context), error, context)
      throw error
    }
  }
}
