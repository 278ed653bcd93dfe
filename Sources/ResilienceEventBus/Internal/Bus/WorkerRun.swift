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

  func begin(_ body: sending @escaping @isolated(any) () async -> Void, on executor: (any TaskExecutor)?) {
    let task = Task(executorPreference: executor, operation: body)
    self.task.withLock { $0 = task }
  }

  func cancel() {
    task.withLock { $0 }?.cancel()
  }
}
