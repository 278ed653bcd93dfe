public import ResilienceCore
internal import Synchronization

/// Runs a whole system of tasks on one thread, under virtual time, from one seed.
///
/// While ``run(_:)`` runs, the thread that called it is the simulation's: every task that starts on it runs
/// on it, the next of the runnable jobs is picked by the seed, clocks show virtual time, and randomness is
/// seeded. That holds for code that knows nothing of it (`Task {}`, `Task.sleep`, `Date()`, `Int.random`)
/// where ``scope`` says so, and everywhere for code that takes clock, chance and executor from its
/// `CallContext`, as this package's components do. Other threads notice nothing.
///
/// Time moves only when nothing is runnable. The same seed gives the same run in the same build of a
/// program; debug and release builds enqueue different jobs, so a seed belongs to its build.
///
/// ```swift
/// let elapsed = try Simulation(seed: 7).run { simulation in
///   try await Task.sleep(for: .seconds(3600))   // takes no time at all
///   return simulation.now
/// }
/// ```
///
/// What comes back from another thread is reported as an error.
public final class Simulation: Sendable {
  /// The seed of every choice made in this run.
  public let seed: UInt64

  private let choices: Choices
  private let timeline: Timeline
  let executor: SimulationExecutor
  private let environment: CallEnvironment
  private let random: SeededRandomSource
  private let waitRegistry = WaitRegistry()
  private let idlers = Lock<[Waiter]>([])
  private let log: ScheduleLog?
  let invariants = Invariants()
  let faults: FaultLedger
  let hosts = HostList()
  private let stepLimit: Int
  private let hasRun = Atomic(false)
  private let hasEnded = Atomic(false)
  private let steps = Atomic(0)
  private let abandoned = Atomic(0)
  // The driving thread's; whoever asks for it has waited for the run.
  private nonisolated(unsafe) var digest: UInt64 = 0
  private nonisolated(unsafe) var waitingAtEnd: [String]?

  /// Creates a simulation for one run.
  ///
  /// - Parameters:
  ///   - seed: Any value; it decides the order of runnable jobs, of timers that fall due together, and all
  ///     randomness.
  ///   - startingAt: The wall-clock time when the run begins; only labels show it. Default:
  ///     2000-01-01T00:00:00Z.
  ///   - stepLimit: How many jobs and timers may run before the run is ended with an error, 1 or more: a
  ///     bound for systems that never come to rest. Default: none.
  ///   - recordsSchedule: Whether ``schedule`` remembers every decision. Default: no; it takes memory with
  ///     each step.
  public convenience init(
    seed: UInt64, startingAt: UnixTime = UnixTime(nanoseconds: 946_684_800_000_000_000),
    stepLimit: Int = .max,
    recordsSchedule: Bool = false
  ) {
    self.init(
      seed: seed, choices: Choices(seed: SeededRandomSource(seed: seed).next()), startingAt: startingAt,
      stepLimit: stepLimit, recordsSchedule: recordsSchedule)
  }

  /// - Parameter faults: The numbers of those that a plan lets happen; `nil` for all.
  init(
    seed: UInt64, choices: Choices, faults: Set<Int>? = nil,
    startingAt: UnixTime = UnixTime(nanoseconds: 946_684_800_000_000_000), stepLimit: Int,
    recordsSchedule: Bool
  ) {
    precondition(stepLimit >= 1, "a simulation's step limit must be 1 or more, was \(stepLimit)")
    self.seed = seed
    self.choices = choices
    self.stepLimit = stepLimit
    log = recordsSchedule ? ScheduleLog() : nil
    self.faults = FaultLedger(keeping: faults)
    let lineage = recordsSchedule || choices.readsNames ? Lineage() : nil
    timeline = Timeline(startingAt: startingAt, lineage)
    // Another sequence than the one that code inside draws from the context.
    executor = SimulationExecutor(
      timeline: timeline, random: SeededRandomSource(seed: SplitMix64.mix(~seed)), lineage)
    let seeds = SeededRandomSource(seed: seed)
    _ = seeds.next()  // the choices'
    random = SeededRandomSource(seed: seeds.next())
    environment = CallEnvironment(
      clock: timeline, random: random, executor: executor, waitRegistry: waitRegistry)
  }

  /// The present virtual instant; a run begins at zero.
  public var now: Instant { timeline.now }

  /// The simulation's clock, for code that takes an `any Clock<Duration>`, and for what takes a clock of
  /// ours.
  public var clock: some ResilienceClock & Clock<Duration> { timeline }

  /// Suspends the current task for a stretch of virtual time.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  public func sleep(for duration: Duration) async throws {
    try await timeline.sleep(for: duration)
  }

  /// Lets everything happen that is due within `duration`, and returns when nothing is left to do at its end.
  ///
  /// Unlike ``sleep(for:)``, which may return before other tasks that wake at the same instant have run.
  ///
  /// - Parameter duration: Zero or more; zero only lets what is runnable run.
  /// - Throws: `CancellationError` when the task is cancelled.
  public func advance(by duration: Duration) async throws {
    try await timeline.sleep(for: duration)
    let waiter = Waiter("Simulation.advance")
    idlers.withLock { $0.append(waiter) }
    guard await waiter.wait() == .granted else { throw CancellationError() }
  }

  /// How many jobs and timers have run so far.
  public var stepCount: Int { steps.load(ordering: .relaxed) }

  /// Every decision so far, if the simulation records them.
  public var schedule: [ScheduleStep] { log?.steps ?? [] }

  /// The names of what ran, step by step, if the simulation records them.
  var order: [UInt64] { log?.order ?? [] }

  func environment(_ clock: HostClock, _ life: HostLife) -> CallEnvironment {
    CallEnvironment(clock: clock, random: random, executor: life, waitRegistry: life.waitRegistry)
  }

  /// What waits at this moment, or waited when a recorded run had ended; sorted, as far as it waits through
  /// this package.
  var waiting: [String] { waitingAtEnd ?? waitRegistry.entries + hosts.waiting }

  /// Tells schedules apart: equal for runs that took the same decisions at the same instants.
  var scheduleDigest: UInt64 { digest }

  /// What of the runtime a simulation holds here.
  public static var scope: SimulationScope { Takeover.install() }

  /// How many tasks were still at work when the run had ended, and did not end though they were cancelled.
  public var abandonedTaskCount: Int { abandoned.load(ordering: .relaxed) }

  /// Runs `body` and everything it starts, on this thread, until `body` has returned.
  ///
  /// Jobs that are runnable when it returns are still run. Then what still sleeps, and `body` if it has not
  /// returned, is cancelled and runs to its end, without time moving; a loop that goes on in spite of that is
  /// abandoned, and counted in ``abandonedTaskCount``. Where ``scope`` holds no tasks, sleeping tasks are
  /// abandoned instead. A simulation runs once.
  ///
  /// - Parameter body: The system under test. Clock, randomness and executor of `CallContext.current` are the
  ///   simulation's.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws; ``SimulationError`` when nothing can run any more though `body` has not
  ///   returned, when a job came back from outside, or when the step limit is reached.
  public func run<Result: Sendable>(
    _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Result
  ) throws -> Result {
    let isFirst = hasRun.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    precondition(isFirst, "a Simulation runs once: make another one with seed \(seed)")
    let ending = Ending<Result>()
    try drive {
      do {
        let result = try await CallContext.withEnvironment(self.environment) { try await body(self) }
        ending.set(.success(result))
      } catch {
        ending.set(.failure(error))
      }
      self.hasEnded.store(true, ordering: .relaxed)
    }
    guard let result = ending.result else { preconditionFailure("the body of a simulation left no result") }
    let value = try result.get()
    try invariants.checkGoals(before: nil, step: stepCount, at: now)
    return value
  }

  // Apart from `run`, so that it is not generic: this is the inner loop.
  private func drive(_ body: @escaping @Sendable () async -> Void) throws {
    let scope = Self.scope
    let outer = executor.beginDriving()
    defer { executor.endDriving(before: outer) }
    let task = Task(executorPreference: executor, operation: body)
    defer {
      if log != nil { waitingAtEnd = waiting }
      if scope.contains(.tasks) { endWhatIsLeft(body: task) }
    }
    while true {
      let runnable = executor.runnableCount
      if runnable == 0, hasEnded.load(ordering: .relaxed) { break }
      let step = steps.load(ordering: .relaxed)
      guard step < stepLimit else { throw failure(.stepLimit(stepLimit)) }
      steps.store(step + 1, ordering: .relaxed)
      try take(step: runnable)
    }
    if executor.hasEscaped { throw failure(.escape) }
  }

  /// Runs one job, or fires one timer; moves the time when there is nothing else to do.
  private func take(step runnable: Int) throws {
    let due = timeline.dueCount()
    if runnable == 0, due == 0 { return try moveOn() }
    let choice = choices.next(at: stepCount, timers: due, jobs: runnable) { names }
    note(choice, runnable, due)
    if choice < due {
      switch timeline.takeDue(choice) {
      case .action(let action): action()
      case .job(let job, let life): executor.run(job, of: life)
      }
    } else {
      executor.run(choice - due)
    }
    try invariants.check(at: now, step: stepCount)
  }

  private func note(_ choice: Int, _ runnable: Int, _ due: Int) {
    digest = SplitMix64.mix(digest ^ UInt64(runnable + due) << 32 ^ UInt64(choice))
    digest = SplitMix64.mix(digest ^ UInt64(bitPattern: now.nanoseconds))
    log?.append(stepCount, at: now, taking: choice, of: names, timers: due)
  }

  private var names: [UInt64] { timeline.dueNames + executor.names }

  private func moveOn() throws {
    if executor.hasEscaped { throw failure(.escape) }
    let idler: Waiter? = idlers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if let idler {
      idler.grant()
    } else {
      guard let next = timeline.nextInstant else { throw failure(.deadlock) }
      try invariants.checkGoals(before: next, step: stepCount, at: now)
      timeline.move(to: next)
    }
  }

  /// Cancels what has not ended, and lets it.
  private func endWhatIsLeft(body: Task<Void, Never>) {
    let sleepers = timeline.takeAll()
    if hasEnded.load(ordering: .relaxed), sleepers.isEmpty { return }
    body.cancel()
    abandoned.store(RunEnding(executor, timeline).end(sleepers), ordering: .relaxed)
  }

  private func failure(_ reason: SimulationError.Reason) -> SimulationError {
    var waiting = waiting
    if reason == .deadlock, timeline.hasSleepWithoutEnd { waiting.append("a sleep without end") }
    return SimulationError(reason, seed: seed, at: now, waiting: waiting)
  }
}

/// Where the body leaves what it came to.
private final class Ending<Value: Sendable>: Sendable {
  private let storage = Lock<Result<Value, any Error>?>(nil)

  var result: Result<Value, any Error>? { storage.withLock { $0 } }

  func set(_ result: Result<Value, any Error>) {
    storage.withLock { $0 = result }
  }
}
