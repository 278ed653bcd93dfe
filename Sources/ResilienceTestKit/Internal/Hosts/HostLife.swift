internal import ResilienceCore

/// A host between its start and its end: the executor of all its tasks.
///
/// A host that crashes cancels nothing: its jobs are not run any more, its timers do nothing, and what
/// comes back for it later is dropped.
final class HostLife: TaskExecutor {
  private struct State {
    var hasEnded = false
    var droppedJobs = 0
    var callers: [Int: @Sendable () -> Void] = [:]
    var nextCaller = 0
  }

  let waitRegistry = WaitRegistry()
  private let executor: SimulationExecutor
  private let state = Lock(State())

  init(_ executor: SimulationExecutor) {
    self.executor = executor
  }

  var hasEnded: Bool { state.withLock { $0.hasEnded } }

  var droppedJobs: Int { state.withLock { $0.droppedJobs } }

  func enqueue(_ job: consuming ExecutorJob) {
    let isDropped = state.withLock { state in
      if state.hasEnded { state.droppedJobs += 1 }
      return state.hasEnded
    }
    if !isDropped { executor.enqueue(UnownedJob(job), of: self) }
  }

  /// Ends it; `false` when it had ended before.
  @discardableResult
  func end() -> Bool {
    let callers: [@Sendable () -> Void]? = state.withLock { state in
      guard !state.hasEnded else { return nil }
      state.hasEnded = true
      defer { state.callers = [:] }
      return state.callers.sorted { $0.key < $1.key }.map(\.value)
    }
    guard let callers else { return false }
    let dropped = executor.drop(self)
    state.withLock { $0.droppedJobs += dropped }
    for tell in callers { tell() }
    return true
  }

  /// Has a caller told when the life ends; `nil` when it has.
  func add(_ caller: @escaping @Sendable () -> Void) -> Int? {
    state.withLock { state in
      guard !state.hasEnded else { return nil }
      defer { state.nextCaller += 1 }
      state.callers[state.nextCaller] = caller
      return state.nextCaller
    }
  }

  func remove(_ caller: Int) {
    state.withLock { state in _ = state.callers.removeValue(forKey: caller) }
  }
}
