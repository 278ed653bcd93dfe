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
  private struct Runnable {
    let job: UnownedJob
    let name: UInt64
    let life: HostLife?
  }

  private struct State {
    var runnable = ReadyList<Runnable>()
    var driver: UInt = 0
    var hasEscaped = false
  }

  private let state = Lock(State())
  private let lineage: Lineage?

  /// - Parameter lineage: Tells which job belongs to which task, if that is asked for.
  init(_ lineage: Lineage?) {
    self.lineage = lineage
  }

  /// A job was enqueued from a thread that does not drive.
  var hasEscaped: Bool { state.withLock { $0.hasEscaped } }

  var runnableCount: Int { state.withLock { $0.runnable.count } }

  /// The calling thread drives from now on.
  func beginDriving() {
    let thread = currentThread()
    state.withLock { $0.driver = thread }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    enqueue(UnownedJob(job), of: nil)
  }

  /// - Parameter life: The host's to which the job belongs, if it does to one.
  func enqueue(_ job: UnownedJob, of life: HostLife?) {
    let thread = currentThread()
    let runnable = Runnable(job: job, name: lineage?.name(of: job) ?? 0, life: life)
    state.withLock { state in
      if thread != state.driver { state.hasEscaped = true }
      state.runnable.append(runnable)
    }
  }

  /// The tasks of the runnable jobs, the oldest in front, if they are told apart.
  var names: [UInt64] {
    state.withLock { state in (0..<state.runnable.count).map { state.runnable[$0].name } }
  }

  /// Runs one of the runnable jobs.
  func run(_ index: Int) {
    let runnable = state.withLock { $0.runnable.removeOvertaking(index) }
    lineage?.begin(runnable.name)
    if let life = runnable.life {
      runnable.job.runSynchronously(on: life.asUnownedTaskExecutor())
    } else {
      runnable.job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  /// Takes out the jobs of a host that has ended; they are never run.
  ///
  /// - Returns: How many there were.
  func drop(_ life: HostLife) -> Int {
    state.withLock { state in
      let before = state.runnable.count
      while let index = state.runnable.firstIndex(where: { $0.life === life }) {
        _ = state.runnable.remove(at: index)
      }
      return before - state.runnable.count
    }
  }

  private func currentThread() -> UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }
}
