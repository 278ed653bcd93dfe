import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Who waits when its time is up was never begun: it is refused, whoever ends the wait.
@Suite struct LineDeadlineTests {
  private typealias Waiting = Task<Void, any Error>

  /// Its timers run late, as those of somebody whose actor is busy.
  private struct LateClock: ResilienceClock {
    let base: any ResilienceClock
    let delay: Duration
    var now: Instant { base.now }
    var unixTime: UnixTime { base.unixTime }
    func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
      base.schedule(at: instant.advanced(by: delay), action)
    }
    func cancel(_ token: TimerToken) -> Bool { base.cancel(token) }
  }

  private func late(_ context: CallContext) -> CallEnvironment {
    CallEnvironment(
      clock: LateClock(base: context.clock, delay: .seconds(10)), random: SeededRandomSource(seed: 1),
      executor: context.executor)
  }

  /// Somebody stands first in the queue and does not wake up; the call behind it has a deadline of 1 s and is
  /// cancelled at `instant`, by a timer that was set before its own or after.
  private func result(
    behindSomebodyLateCancelledAt instant: Instant, setsFirst: Bool, _ bucket: TokenBucket, _ sim: Simulation
  ) async throws -> Result<Void, any Error> {
    _ = bucket.tryAcquire()
    let (context, late) = (CallContext.current, late(.current))
    let first = Waiting.immediate(executorPreference: context.executor) {
      try await CallContext.withEnvironment(late) { try await bucket.acquire() }
    }
    var inner = context
    inner.tightenDeadline(to: Deadline(at: .s(1)))
    let (tightened, tasks) = (inner, Log<Waiting>())
    let call = ServiceCall { (_: Void) in }.rateLimit(bucket, mode: .wait)
    let cancel = { _ = context.clock.schedule(at: instant) { for task in tasks.entries { task.cancel() } } }
    if setsFirst { cancel() }
    let task = Waiting.immediate(executorPreference: context.executor) {
      try await call.handle((), context: tightened)
    }
    tasks.append(task)
    if !setsFirst { cancel() }
    let result = await task.result
    first.cancel()
    _ = await first.result
    return result
  }

  @Test(arguments: [true, false])
  func row64_aWaitThatIsCancelledAtItsDeadlineIsARefusal(setsFirst: Bool) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1))
      let result = try await result(
        behindSomebodyLateCancelledAt: .s(1), setsFirst: setsFirst, bucket, sim)
      let limited = RateLimited(limiter: "line", reason: .deadline, retryAt: .s(1.1), at: .s(1))
      // The one before it, whose permit has been there for long, is first; one more has to come.
      try sim.require(result.error as? RateLimited == limited, "\(result)")
      try sim.require(sim.now == .s(1), "it ended at \(sim.now)")
      try sim.require(bucket.snapshot().waiting == 0, "somebody still waits")
    }
    #expect(exploration.isComplete)
  }

  @Test(arguments: [true, false])
  func row64_aWaitThatIsCancelledBeforeItsDeadlineIsACancellation(setsFirst: Bool) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1))
      let result = try await result(
        behindSomebodyLateCancelledAt: .ns(999_999_999), setsFirst: setsFirst, bucket, sim)
      try sim.require(result.error is CancellationError, "\(result)")
      try sim.require(bucket.snapshot().waiting == 0, "somebody still waits")
    }
    #expect(exploration.isComplete)
  }

  /// The first in the queue, which does not wake up when its permit is there.
  @Test(arguments: [(1.0, true), (1.5, true), (0.5, false)])
  func row64_theFirstInTheLineIsNoDifferent(cancelledAt: Double, isRefusal: Bool) throws {
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1))
      _ = bucket.tryAcquire()
      let late = late(.current)
      let task = Waiting.immediate(executorPreference: CallContext.current.executor) {
        try await CallContext.withEnvironment(late) {
          try await bucket.acquire(deadline: Deadline(at: .s(1)))
        }
      }
      try await sim.sleep(for: .seconds(cancelledAt))
      task.cancel()
      let result = await task.result
      let limited = RateLimited(
        limiter: "line", reason: .deadline, retryAt: .s(cancelledAt), at: .s(cancelledAt))
      #expect((result.error as? RateLimited == limited) == isRefusal)
      #expect((result.error is CancellationError) == !isRefusal)
      #expect(bucket.tryAcquire() == .acquired)
    }
  }
}

extension Result {
  fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
