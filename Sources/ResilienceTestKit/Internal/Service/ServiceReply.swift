internal import ResilienceCore

/// What a caller waits for while the work goes on without it.
final class ServiceReply<Output: Sendable>: Sendable {
  private let waiter: Waiter
  private let result = Lock<Result<Output, any Error>?>(nil)

  /// - Parameter purpose: Who waits; see ``Waiter``.
  init(_ purpose: StaticString = "SimulatedService") {
    waiter = Waiter(purpose)
  }

  /// Hands over what came of the work; `false` when the caller has left.
  func send(_ result: Result<Output, any Error>) -> Bool {
    self.result.withLock { $0 = result }
    return waiter.grant()
  }

  func receive(isolation: isolated (any Actor)? = #isolation) async throws -> Output {
    guard await waiter.wait(isolation: isolation) == .granted, let result = result.withLock({ $0 }) else {
      throw CancellationError()
    }
    return try result.get()
  }
}
