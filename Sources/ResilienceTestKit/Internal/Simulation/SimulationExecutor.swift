internal import ResilienceCore

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// Holds the runnable jobs and runs one at a time on the thread that drives.
final class SimulationExecutor: TaskExecutor {
  private struct State {
    var runnable: [UnownedJob] = []
    var driver: UInt = 0
    var hasEscaped = false
  }

  private let state = Lock(State())

  /// A job was enqueued from a thread that does not drive.
  var hasEscaped: Bool { state.withLock { $0.hasEscaped } }

  var runnableCount: Int { state.withLock { $0.runnable.count } }

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

  /// Runs one of the runnable jobs.
  ///
  /// - Returns: The job's name, if it was asked for.
  func run(_ index: Int, naming: Bool) -> String? {
    let job: UnownedJob = state.withLock { state in
      state.runnable.swapAt(index, state.runnable.count - 1)
      return state.runnable.removeLast()
    }
    let name = naming ? job.description : nil
    job.runSynchronously(on: asUnownedTaskExecutor())
    return name
  }

  private func currentThread() -> UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }
}
