extension Bulkheads {
  /// Does one thing inside the bulkhead of a key, in place; see ``Bulkhead/run(weight:priority:_:)``.
  ///
  /// - Parameters:
  ///   - key: Whose bulkhead it is.
  ///   - weight: How much of the limit it takes; 0 is let in at once and takes nothing. Default: 1.
  ///   - priority: Those of the key with a higher one go in first. Default: 0.
  ///   - body: The work.
  /// - Throws: ``BulkheadFull`` or ``ImpossibleWeight`` when `body` was not run; `CancellationError` when
  ///   cancelled while waiting, before its deadline; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    key: Key, weight: Int = 1, priority: Int = 0,
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await self[key].run(weight: weight, priority: priority, body)
  }
}
