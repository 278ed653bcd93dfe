public import ResilienceCore
internal import Synchronization

/// Runs a whole system of tasks on one thread, under virtual time, from one seed.
///
/// Code written against the ambient (every component of this package is) needs no change: inside ``run(_:)`` the clock is
/// virtual, randomness is seeded, and every task runs on the simulation's executor, which picks the next of the runnable
/// jobs by the seed. Time moves only when nothing is runnable. The same seed gives the same run in the same
/// build of a program; debug and release builds enqueue different jobs, so a seed belongs to its build.
///
/// ```swift
/// let elapsed = try Simulation(seed: 7).run { sim in
///   try await sim.sleep(for: .seconds(3600))   // takes no time at all
///   return sim.now
/// }
/// ```
///
/// What runs inside: child tasks, `async let`, task groups, default actors, `AsyncStream`, and unstructured tasks that
/// name the executor (`CallContext.current.executor`) as their preference. A plain `Task {}` runs on the runtime's own
/// threads and leaves the simulation: that is reported as an error when it comes back.
public final class Simulation: Sendable {
  /// The seed of every choice made in this run.
  public let seed: UInt64

  private let timeline: Timeline
  private let executor: SimulationExecutor
  private let environment: CallEnvironment
  private let hasRun = Atomic(false)

  /// Creates a simulation for one run.
  ///
  /// - Parameters:
  ///   - seed: Any value; it decides the order of runnable jobs, of timers that fall due together, and all randomness.
  ///   - startingAt: The wall-clock time when the run begins; only labels show it. Default: 2000-01-01T00:00:00Z.
  public init(seed: UInt64, startingAt: UnixTime = UnixTime(nanoseconds: 946_684_800_000_000_000)) {
    self.seed = seed
    let seeds = SeededRandomSource(seed: seed)
    timeline = Timeline(startingAt: startingAt, ranks: SeededRandomSource(seed: seeds.next()))
    executor = SimulationExecutor(choices: SeededRandomSource(seed: seeds.next()))
    environment = CallEnvironment(
      clock: timeline, random: SeededRandomSource(seed: seeds.next()), executor: executor)
  }

  /// The present virtual instant; a run begins at zero.
  public var now: Instant { timeline.now }

  /// Suspends the current task for a stretch of virtual time.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  public func sleep(for duration: Duration) async throws {
    try await timeline.sleep(for: duration)
  }

  /// Runs `body` and everything it starts, on this thread, until `body` has returned.
  ///
  /// Jobs that are runnable when it returns are still run, so that what was cancelled can finish; sleeping tasks that
  /// nobody waits for are abandoned. A simulation runs once.
  ///
  /// - Parameter body: The system under test. The ambient clock, randomness and executor are the simulation's.
  /// - Returns: What `body` returns.
  /// - Throws: What `body` throws; ``SimulationError`` when nothing can run any more though `body` has not
  ///   returned, or when a job came back from outside.
  public func run<Result: Sendable>(
    _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Result
  ) throws -> Result {
    let isFirst = hasRun.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    precondition(isFirst, "a Simulation runs once: make another one with seed \(seed)")
    let ending = Ending<Result>()
    executor.beginDriving()
    Task(executorPreference: executor) {
      do {
        let result = try await Ambient.withEnvironment(self.environment) { try await body(self) }
        ending.set(.success(result))
      } catch {
        ending.set(.failure(error))
      }
    }
    while ending.result == nil {
      try step()
    }
    while executor.runOne() {}
    guard let result = ending.result else { preconditionFailure("the loop above ends with a result") }
    return try result.get()
  }

  private func step() throws {
    if executor.runOne() { return }
    if executor.hasEscaped { throw SimulationError(.escape, seed: seed, at: now) }
    if timeline.fireNext() { return }
    throw SimulationError(.deadlock, seed: seed, at: now)
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
