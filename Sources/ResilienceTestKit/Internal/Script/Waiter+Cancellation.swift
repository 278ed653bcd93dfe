internal import ResilienceCore

extension Waiter {
  /// Waits for what never comes; returns by throwing `CancellationError` when the task is cancelled.
  func waitForCancellation(isolation: isolated (any Actor)? = #isolation) async throws {
    _ = await wait(isolation: isolation)
    throw CancellationError()
  }
}
