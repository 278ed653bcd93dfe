internal import ResilienceCore

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Holds the runnable jobs and runs one at a time, chosen by the seed, on the thread that drives.
final class SimulationExecutor: TaskExecutor {
  private struct State {
    var runnable: [UnownedJob] = []
    var driver: UInt = 0
    var hasEscaped = false
  }

  private let state = Lock(State())
  private let choices: SeededRandomSource

  init(choices: SeededRandomSource) {
    self.choices = choices
  }

  /// A job was enqueued from a thread that does not drive.
  var hasEscaped: Bool { state.withLock { $0.hasEscaped } }

  /// The calling thread drives from now on.
  func beginDriving() {
    let thread = currentThread()
    state.withLock { $0.driver = thread }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let thread = currentThread()
    state.withLock { state in
      if thread != state.driver { state.hasEscaped = true }
      state.runnable.append(job)
    }
  }

  /// Runs one of the runnable jobs; `false` when there is none.
  func runOne() -> Bool {
    let job: UnownedJob? = state.withLock { state in
      guard !state.runnable.isEmpty else { return nil }
      let last = state.runnable.count - 1
      state.runnable.swapAt(last == 0 ? 0 : choices.next(below: last + 1), last)
      return state.runnable.removeLast()
    }
    guard let job else { return false }
    job.runSynchronously(on: asUnownedTaskExecutor())
    return true
  }

  private func currentThread() -> UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }
}
