internal import Synchronization

/// Where somebody waits for a reply, who may be cancelled meanwhile.
final class PendingReply<Value: Sendable, Failure: Error>: Sendable {
  private enum State {
    case empty
    case waiting(CheckedContinuation<Result<Value, Failure>, Never>)
    case given(Result<Value, Failure>)
    case taken
  }

  private let state = Mutex(State.empty)

  /// Once: what comes later is dropped.
  func give(_ result: Result<Value, Failure>) {
    let continuation: CheckedContinuation<Result<Value, Failure>, Never>? = state.withLock { state in
      switch state {
      case .empty:
        state = .given(result)
        return nil
      case .waiting(let continuation):
        state = .taken
        return continuation
      case .given, .taken: return nil
      }
    }
    continuation?.resume(returning: result)
  }

  /// Once.
  nonisolated(nonsending) func take() async -> Result<Value, Failure> {
    await withCheckedContinuation { continuation in
      let result: Result<Value, Failure>? = state.withLock { state in
        if case .given(let result) = state {
          state = .taken
          return result
        }
        state = .waiting(continuation)
        return nil
      }
      if let result { continuation.resume(returning: result) }
    }
  }
}
