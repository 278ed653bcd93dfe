internal import ResilienceCore
internal import Synchronization

/// One worker while it runs.
final class WorkerRun: Sendable {
  private struct State {
    var task: Task<Void, Never>?
    var isCancelled = false
  }

  let number: Int
  let worker: EventBusState.Worker
  private let state = Lock(State())
  // Written and read under the bus's lock.
  private let gone = Atomic(false)

  /// Whether the bus counts it no more: its lease has ended, or `run()` has.
  var isGone: Bool { gone.load(ordering: .relaxed) }

  init(number: Int, worker: EventBusState.Worker) {
    self.number = number
    self.worker = worker
  }

  func noteGone() { gone.store(true, ordering: .relaxed) }

  func begin(_ body: @escaping @Sendable () async -> Void, on executor: (any TaskExecutor)?) {
    // A preference for none is kept with the task all the same, and looked up at each switch.
    let task: Task<Void, Never>
    if let executor {
      task = Task(executorPreference: executor, operation: body)
    } else {
      task = Task { await body() }
    }
    // It may run already, and its lease have ended.
    let isCancelled = state.withLock { state in
      state.task = task
      return state.isCancelled
    }
    if isCancelled { task.cancel() }
  }

  func cancel() {
    let task = state.withLock { state in
      state.isCancelled = true
      return state.task
    }
    task?.cancel()
  }
}
