internal import Resilience
internal import ServiceLifecycle

/// Cancels the work when its time is over, or the server is to shut down, and waits for what comes of it.
///
/// - Returns: What the work returns, also after its time; `nil` when it hears of the cancellation.
@discardableResult
func within<Result: Sendable>(
  _ limit: Duration, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result? {
  try await withThrowingTaskGroup(of: Result??.self) { tasks in
    tasks.addTask {
      do {
        return .some(try await work())
      } catch is CancellationError {
        return .some(nil)
      }
    }
    tasks.addTask {
      try? await cancelWhenGracefulShutdown { try await CallContext.current.clock.sleep(for: limit) }
      return nil
    }
    while let ended = try await tasks.next() {
      tasks.cancelAll()
      if let result = ended { return result }
    }
    return nil
  }
}
