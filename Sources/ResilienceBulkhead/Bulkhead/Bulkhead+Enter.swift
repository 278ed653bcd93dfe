public import ResilienceCore

extension Bulkhead {
  /// Enters, waiting for room if it must.
  ///
  /// A wait whose deadline comes before its turn fails when it comes, as nobody knows when somebody leaves; a
  /// deadline that has passed fails at once. A call that is cancelled leaves its place in the queue at once;
  /// if its deadline has passed by then, it is the deadline that ended the wait.
  ///
  /// - Parameters:
  ///   - weight: How much of the limit it takes; 0 is let in at once and takes nothing. Default: 1.
  ///   - priority: Those with a higher one go in first. Default: 0.
  ///   - deadline: Until when to wait; the call's own deadline holds as well. Default: only that.
  /// - Throws: ``BulkheadFull``; ``ImpossibleWeight``; `CancellationError` when cancelled before the
  ///   deadline.
  public nonisolated(nonsending) func enter(
    weight: Int = 1, priority: Int = 0, deadline: Deadline = .never
  ) async throws -> BulkheadPermit {
    var context = CallContext.current
    context.tightenDeadline(to: deadline)
    if let token = enterUnlessFull(weight, context) {
      return BulkheadPermit(storage: unmanagedStorage, token: token)
    }
    let token = try await storage.wait(BulkheadClaim(weight: weight, priority: priority), context)
    return BulkheadPermit(storage: unmanagedStorage, token: token)
  }
}
