internal import ResilienceCore

/// What a caller waits for while the work goes on without it.
///
/// Not generic: code that is not specialised for a value's type would look up that of its lock at each use.
final class ServiceReply: Sendable {
  private enum Ending: Sendable {
    case value(any Sendable)
    case failure(any Error)
  }

  private let waiter: Waiter
  private let ending = Lock<Ending?>(nil)

  /// - Parameter purpose: Who waits; see ``Waiter``.
  init(_ purpose: StaticString = "SimulatedService") {
    waiter = Waiter(purpose)
  }

  /// Hands over the work's value; `false` when the caller has left.
  func succeed(_ value: any Sendable) -> Bool { send(.value(value)) }

  /// Hands over the work's error; `false` when the caller has left.
  func fail(_ error: any Error) -> Bool { send(.failure(error)) }

  private func send(_ ending: Ending) -> Bool {
    self.ending.withLock { $0 = ending }
    return waiter.grant()
  }

  func receive<Output>(as type: Output.Type, isolation: isolated (any Actor)? = #isolation) async throws
    -> Output
  {
    let isGranted = await waiter.wait(isolation: isolation) == .granted
    switch isGranted ? ending.withLock({ $0 }) : nil {
    case .value(let value):
      guard let value = value as? Output else {
        preconditionFailure("a reply of another type than was asked")
      }
      return value
    case .failure(let error): throw error
    case nil: throw CancellationError()
    }
  }
}
