/// Time, chance and place of everything below it: bound by a simulator or a test with
/// ``CallContext/withEnvironment(_:isolation:_:)``. In production none is bound and the system's are used.
public final class CallEnvironment: Sendable {
  /// The clock that contexts read and timers wait on.
  public let clock: any ResilienceClock

  /// The source of jitter, ids and picks.
  public let random: any RandomSource

  /// Where tasks that a pattern starts must run; `nil` leaves it to the runtime.
  public let executor: (any TaskExecutor)?

  package let waitRegistry: WaitRegistry?

  /// Creates an environment.
  ///
  /// - Parameters:
  ///   - clock: The clock; by default the system's.
  ///   - random: The source of chance; by default the system's.
  ///   - executor: The executor for tasks that a pattern starts; by default the runtime's choice.
  public convenience init(
    clock: any ResilienceClock = .system, random: any RandomSource = .system,
    executor: (any TaskExecutor)? = nil
  ) {
    self.init(clock: clock, random: random, executor: executor, waitRegistry: nil)
  }

  /// Creates an environment that knows what waits in it.
  package init(
    clock: any ResilienceClock, random: any RandomSource, executor: (any TaskExecutor)?,
    waitRegistry: WaitRegistry?
  ) {
    self.clock = clock
    self.random = random
    self.executor = executor
    self.waitRegistry = waitRegistry
  }
}
