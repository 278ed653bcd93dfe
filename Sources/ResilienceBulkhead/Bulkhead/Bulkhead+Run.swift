public import ResilienceCore

extension Bulkhead {
  /// Does one thing inside, in place.
  ///
  /// The body runs on the caller's actor and may touch its state; the result need not be `Sendable`. What an
  /// adaptive limit learns from it is what a handler without a classifier would say: see
  /// ``ResilienceCore/Outcome/init(ofError:in:)``.
  ///
  /// - Parameters:
  ///   - weight: How much of the limit it takes; 0 is let in at once and takes nothing. Default: 1.
  ///   - priority: Those with a higher one go in first. Default: 0.
  ///   - body: The work.
  /// - Throws: ``BulkheadFull`` or ``ImpossibleWeight`` when `body` was not run; `CancellationError` when
  ///   cancelled while waiting, before its deadline; else what `body` throws.
  @inlinable
  public nonisolated(nonsending) func run<Result>(
    weight: Int = 1, priority: Int = 0, _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    let context = CallContext.current
    let token: BulkheadToken
    if let entered = enterUnlessFull(weight, context) {
      token = entered
    } else {
      token = try await storage.wait(BulkheadClaim(weight: weight, priority: priority), context)
    }
    do {
      let result = try await body()
      if !leavesAtOnce(token.weight) { leave(token, Outcome(ofValue: result, in: context), context) }
      return result
    } catch {
      if !leavesAtOnce(token.weight) { leave(token, Outcome(ofError: error, in: context), context) }
      throw error
    }
  }
}
