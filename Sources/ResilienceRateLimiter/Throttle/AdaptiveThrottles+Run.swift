extension AdaptiveThrottles {
  /// Makes one call of a key, unless it is held back, in place; see ``AdaptiveThrottle/run(_:)``.
  ///
  /// - Parameters:
  ///   - key: Whose throttle it is.
  ///   - body: The call.
  /// - Throws: ``Throttled`` when `body` was not run; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    key: Key, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await self[key].run(body)
  }
}
