internal import ResilienceCore
internal import Synchronization

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
  private let offset = Atomic<Int64>(0)

  /// How far its wall-clock time is from the simulation's, in nanoseconds.
  var clockOffset: Int64 { offset.load(ordering: .relaxed) }

  init(_ executor: SimulationExecutor) {
    self.executor = executor
  }

  var hasEnded: Bool { state.withLock { $0.hasEnded } }

  var droppedJobs: Int { state.withLock { $0.droppedJobs } }

  func enqueue(_ job: consuming ExecutorJob) {
    if !drops(1) { executor.enqueue(UnownedJob(job), of: self) }
  }

  /// Counts jobs that are not run since it has ended; `false` when it has not.
  func drops(_ count: Int) -> Bool {
    state.withLock { state in
      if state.hasEnded { state.droppedJobs += count }
      return state.hasEnded
    }
  }

  func jumpClock(by duration: Duration) {
    offset.store(clockOffset.addingSaturating(duration.clampedNanoseconds), ordering: .relaxed)
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
