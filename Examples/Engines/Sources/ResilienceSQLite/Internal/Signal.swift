internal import Synchronization

/// Wakes one that waits; remembers that it was set while nobody did.
final class Signal: Sendable {
  private struct State {
    var isSet = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func set() {
    let waiter = state.withLock { state in
      if state.waiter == nil { state.isSet = true }
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// Returns when it is or was set, or the task is cancelled, or another one waits.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let resumed: [CheckedContinuation<Void, Never>] = state.withLock { state in
          let isOver = state.isSet || Task.isCancelled
          state.isSet = false
          defer { state.waiter = isOver ? nil : continuation }
          return [state.waiter, isOver ? continuation : nil].compactMap(\.self)
        }
        resumed.forEach { $0.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiter.take() }?.resume()
    }
  }
}
