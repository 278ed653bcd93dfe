internal import ResilienceCore

/// One worker while it runs.
final class WorkerRun: Sendable {
  let number: Int
  let worker: EventBusState.Worker
  private let task = Lock<Task<Void, Never>?>(nil)

  init(number: Int, worker: EventBusState.Worker) {
    self.number = number
    self.worker = worker
  }

  func begin(_ body: @escaping @Sendable () async -> Void, on executor: (any TaskExecutor)?) {
    // A preference for none is kept with the task all the same, and looked up at each switch.
    let task: Task<Void, Never>
    if let executor {
      task = Task(executorPreference: executor, operation: body)
    } else {
      task = Task { await body() }
    }
    self.task.withLock { $0 = task }
  }

  func cancel() {
    task.withLock { $0 }?.cancel()
  }
}
