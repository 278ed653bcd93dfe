internal import CResilienceSimulation
internal import ResilienceCore
internal import Synchronization

/// Holds the runnable jobs and runs one at a time on the thread that drives.
///
/// What it holds belongs to that thread and needs no lock; a job from another thread goes to the strays.
final class SimulationExecutor: TaskExecutor {
  private struct Runnable {
    let job: UnownedJob
    let isOnMainActor: Bool
  }

  let timeline: Timeline
  let random: SeededRandomSource
  nonisolated(unsafe) let driver: UnsafeMutablePointer<resilience_driver>
  private nonisolated(unsafe) var runnable: [Runnable] = []
  // How many of them have run, at the end of a run.
  private nonisolated(unsafe) var first = 0
  private let strays = Lock<[Runnable]>([])
  private let hasStrays = Atomic(false)
  private let escapes = Atomic(false)

  init(timeline: Timeline, random: SeededRandomSource) {
    self.timeline = timeline
    self.random = random
    driver = .allocate(capacity: 1)
    driver.initialize(to: resilience_driver())
    Takeover.connect(driver, to: self)
  }

  deinit { driver.deallocate() }

  /// The calling thread drives from now on; the driver before.
  func beginDriving() -> UnsafeMutablePointer<resilience_driver>? { resilience_drive(driver) }

  /// The calling thread no longer drives.
  func endDriving(before outer: UnsafeMutablePointer<resilience_driver>?) { _ = resilience_drive(outer) }

  /// A job was enqueued from a thread that does not drive.
  var hasEscaped: Bool { escapes.load(ordering: .relaxed) }

  var runnableCount: Int {
    if hasStrays.load(ordering: .relaxed) { takeStrays() }
    return runnable.count
  }

  func enqueue(_ job: consuming ExecutorJob) {
    enqueue(UnownedJob(job), isOnMainActor: false)
  }

  func enqueue(_ job: UnownedJob, isOnMainActor: Bool) {
    let runnable = Runnable(job: job, isOnMainActor: isOnMainActor)
    if resilience_current_driver() == driver {
      self.runnable.append(runnable)
    } else {
      escapes.store(true, ordering: .relaxed)
      strays.withLock { $0.append(runnable) }
      hasStrays.store(true, ordering: .relaxed)
    }
  }

  private func takeStrays() {
    hasStrays.store(false, ordering: .relaxed)
    runnable += strays.withLock { strays in
      defer { strays = [] }
      return strays
    }
  }

  /// Runs one of the runnable jobs.
  ///
  /// - Returns: The job's name, if it was asked for.
  func run(_ index: Int, naming: Bool) -> String? {
    runnable.swapAt(index, runnable.count - 1)
    let next = runnable.removeLast()
    let name = naming ? next.job.description : nil
    run(next)
    return name
  }

  /// Runs a job that is not among the runnable ones.
  func run(_ job: UnownedJob) {
    job.runSynchronously(on: asUnownedTaskExecutor())
  }

  /// Runs the runnable job that has waited longest; `false` when there is none.
  func runFirst() -> Bool {
    guard first < runnableCount else {
      runnable.removeAll(keepingCapacity: true)
      first = 0
      return false
    }
    first += 1
    run(runnable[first - 1])
    return true
  }

  /// Gives up what is runnable.
  ///
  /// - Returns: How much it was.
  func removeAll() -> Int {
    defer { runnable = [] }
    return runnableCount - first
  }

  private func run(_ next: Runnable) {
    if next.isOnMainActor {
      next.job.runSynchronously(
        isolatedTo: MainActor.sharedUnownedExecutor, taskExecutor: asUnownedTaskExecutor())
    } else {
      next.job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }
}
