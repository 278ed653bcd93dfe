/// One suspension of one task, ended exactly once: by a grant or by a cancellation.
///
/// The three-state shape that every queue needs (pending, then granted or cancelled). A cancellation may
/// arrive before the task has parked, and may race the grant: whoever comes first wins, and the other is told
/// so. A granter that is told `false` keeps what it wanted to hand over.
@usableFromInline
package final class Waiter: Sendable {
  @usableFromInline
  package enum Resolution: Sendable {
    case granted
    case cancelled
  }

  private enum State {
    case pending
    case parked(UnsafeContinuation<Resolution, Never>)
    case resolved(Resolution)
  }

  private let state = Lock<State>(.pending)
  private let purpose: StaticString

  /// - Parameter purpose: Who waits, as a simulator reports it when nothing moves any more:
  ///   `TokenBucket.acquire`.
  @usableFromInline
  package init(_ purpose: StaticString) {
    self.purpose = purpose
  }

  /// Suspends until the waiter is granted or cancelled; cancelling the task cancels the waiter. Call it once.
  @usableFromInline
  package func wait(isolation: isolated (any Actor)? = #isolation) async -> Resolution {
    let registry = CallContext.environment?.waitRegistry
    registry?.enter(purpose)
    defer { registry?.leave(purpose) }
    return await withTaskCancellationHandler {
      await withUnsafeContinuation { park($0) }
    } onCancel: {
      cancel()
    }
  }

  /// Suspends until the waiter is granted, whatever happens to the task. Call it once, and not ``wait()``.
  package func waitUninterrupted(isolation: isolated (any Actor)? = #isolation) async {
    let registry = CallContext.environment?.waitRegistry
    registry?.enter(purpose)
    defer { registry?.leave(purpose) }
    _ = await withUnsafeContinuation { park($0) }
  }

  private func park(_ continuation: UnsafeContinuation<Resolution, Never>) {
    let resolution: Resolution? = state.withLock { state in
      switch state {
      case .pending:
        state = .parked(continuation)
        return nil
      case .parked:
        preconditionFailure("a Waiter was waited for twice")
      case .resolved(let resolution):
        return resolution
      }
    }
    if let resolution { continuation.resume(returning: resolution) }
  }

  /// Ends the wait with a grant.
  ///
  /// - Returns: `false` when the waiter was cancelled, or granted, before: what was to be handed over stays
  ///   with the caller.
  @usableFromInline
  @discardableResult
  package func grant() -> Bool {
    resolve(.granted)
  }

  /// Ends the wait with a cancellation; `false` when it had ended before.
  @usableFromInline
  @discardableResult
  package func cancel() -> Bool {
    resolve(.cancelled)
  }

  package var isGranted: Bool {
    state.withLock { state in
      if case .resolved(.granted) = state { true } else { false }
    }
  }

  private func resolve(_ resolution: Resolution) -> Bool {
    let (won, parked): (Bool, UnsafeContinuation<Resolution, Never>?) = state.withLock { state in
      switch state {
      case .pending:
        state = .resolved(resolution)
        return (true, nil)
      case .parked(let continuation):
        state = .resolved(resolution)
        return (true, continuation)
      case .resolved:
        return (false, nil)
      }
    }
    parked?.resume(returning: resolution)
    return won
  }
}
