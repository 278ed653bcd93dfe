extension CircuitBreakers {
  /// Makes one call through the breaker of a key, in place; see ``CircuitBreaker/run(_:)``.
  ///
  /// - Parameters:
  ///   - key: Whose breaker it is.
  ///   - body: The call.
  /// - Throws: ``CircuitOpen`` when the call was not made; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    key: Key, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await self[key].run(body)
  }
}
