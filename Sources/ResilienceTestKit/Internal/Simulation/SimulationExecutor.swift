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
    let name: UInt64
    let life: HostLife?
  }

  let timeline: Timeline
  let random: SeededRandomSource
  nonisolated(unsafe) let driver: UnsafeMutablePointer<resilience_driver>
  private let lineage: Lineage?
  private let hostTasks = HostTasks()
  private nonisolated(unsafe) var runnable = ReadyList<Runnable>()
  /// The host whose job runs at this moment.
  private(set) nonisolated(unsafe) var currentLife: HostLife?
  private let strays = Lock<[Runnable]>([])
  private let hasStrays = Atomic(false)
  private let escapes = Atomic(false)

  /// - Parameter lineage: Tells which job belongs to which task, if that is asked for.
  init(timeline: Timeline, random: SeededRandomSource, _ lineage: Lineage?) {
    self.timeline = timeline
    self.random = random
    self.lineage = lineage
    driver = .allocate(capacity: 1)
    driver.initialize(to: resilience_driver())
    Takeover.connect(driver, to: self)
  }

  deinit { driver.deallocate() }

  /// The calling thread drives from now on; the driver before.
  func beginDriving() -> UnsafeMutablePointer<resilience_driver>? { resilience_drive(driver) }

  /// The calling thread no longer drives.
  func endDriving(before outer: UnsafeMutablePointer<resilience_driver>?) { _ = resilience_drive(outer) }

  private var isDriving: Bool { resilience_current_driver() == driver }

  /// A job was enqueued from a thread that does not drive.
  var hasEscaped: Bool { escapes.load(ordering: .relaxed) }

  var runnableCount: Int {
    if hasStrays.load(ordering: .relaxed) { takeStrays() }
    return runnable.count
  }

  /// The tasks of the runnable jobs, the oldest in front, if they are told apart.
  var names: [UInt64] { (0..<runnable.count).map { runnable[$0].name } }

  // MARK: - In

  func enqueue(_ job: consuming ExecutorJob) {
    enqueue(UnownedJob(job), of: nil)
  }

  /// A job of a task without a preference: it belongs to the host that started the task.
  func enqueueUnbound(_ job: UnownedJob, isOnMainActor: Bool) {
    let life = isDriving ? hostTasks.life(of: job, startedBy: currentLife) : nil
    if life?.drops(1) == true { return }
    enqueue(job, of: life, isOnMainActor: isOnMainActor)
  }

  /// - Parameter life: The host's to which the job belongs, if it does to one.
  func enqueue(_ job: UnownedJob, of life: HostLife?, isOnMainActor: Bool = false) {
    if isDriving {
      if life != nil { hostTasks.noteHost(job) }
      runnable.append(
        Runnable(job: job, isOnMainActor: isOnMainActor, name: lineage?.name(of: job) ?? 0, life: life))
    } else {
      escapes.store(true, ordering: .relaxed)
      strays.withLock {
        $0.append(Runnable(job: job, isOnMainActor: isOnMainActor, name: 0, life: life))
      }
      hasStrays.store(true, ordering: .relaxed)
    }
  }

  private func takeStrays() {
    hasStrays.store(false, ordering: .relaxed)
    let strays = strays.withLock { strays in
      defer { strays = [] }
      return strays
    }
    for stray in strays { runnable.append(stray) }
  }

  /// Runs a job, instead of making it runnable, at `instant`: what ends a sleep.
  func schedule(_ job: UnownedJob, at instant: Instant) {
    timeline.schedule(job, of: isDriving ? currentLife : nil, at: instant)
  }

  // MARK: - Out

  /// Runs one of the runnable jobs; those in front of it go to the back.
  func run(_ index: Int) {
    let next = runnable.removeOvertaking(index)
    lineage?.begin(next.name)
    run(next)
  }

  /// Runs a job that is not among the runnable ones.
  func run(_ job: UnownedJob, of life: HostLife?) {
    run(Runnable(job: job, isOnMainActor: false, name: 0, life: life))
  }

  /// Runs the runnable job that has waited longest; `false` when there is none.
  func runFirst() -> Bool {
    guard runnableCount > 0 else { return false }
    run(runnable.removeOvertaking(0))
    return true
  }

  /// Gives up what is runnable.
  ///
  /// - Returns: How much it was.
  func removeAll() -> Int {
    defer { runnable = ReadyList() }
    return runnableCount
  }

  /// Takes out the jobs of a host that has ended; they are never run.
  ///
  /// - Returns: How many there were.
  func drop(_ life: HostLife) -> Int {
    // From elsewhere they are dropped when it is their turn.
    guard isDriving else { return 0 }
    let before = runnable.count
    while let index = runnable.firstIndex(where: { $0.life === life }) { _ = runnable.remove(at: index) }
    return before - runnable.count
  }

  private func run(_ next: Runnable) {
    if next.life?.drops(1) == true { return }
    let outer = currentLife
    currentLife = next.life
    defer { currentLife = outer }
    let executor = next.life?.asUnownedTaskExecutor() ?? asUnownedTaskExecutor()
    if next.isOnMainActor {
      next.job.runSynchronously(isolatedTo: MainActor.sharedUnownedExecutor, taskExecutor: executor)
    } else {
      next.job.runSynchronously(on: executor)
    }
  }
}
