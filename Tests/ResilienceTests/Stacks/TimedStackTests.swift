import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private struct Down: Error {}

/// Retry, timeout, deadline, breaker and limiter around each other in every order: they end in time, end when
/// they are cancelled, and leave nothing behind.
@Suite struct TimedStackTests {
  enum Layer: String, CaseIterable, Sendable, CustomStringConvertible {
    case retry, timeout, abandoning, deadline, breaker, limiter

    var description: String { rawValue }
  }

  /// Every choice of the layers, in every order.
  private static func stacks(of layers: [Layer]) -> [[Layer]] {
    guard !layers.isEmpty else { return [[]] }
    let picked = layers.flatMap { first in stacks(of: layers.filter { $0 != first }).map { [first] + $0 } }
    return [[]] + picked
  }

  /// The objects of one stack, and what they must have got back.
  private final class Parts: Sendable {
    let breaker = CircuitBreaker("destination")
    let bucket = TokenBucket("destination", limit: RateLimit(1, per: .milliseconds(7)))
    let abandoned = AbandonedWork("destination")

    /// - Parameter layers: Inside out.
    func stack(_ layers: [Layer], around call: ServiceCall<Int, Void>) -> AnyHandler<Int, Void> {
      layers.reduce(call.idempotent().erased()) { base, layer in
        switch layer {
        case .retry:
          let backoff = Backoff.constant(.milliseconds(10), jitter: .none)
          return base.retry(RetryPolicy(maxAttempts: 3, backoff: backoff), budget: nil).erased()
        case .timeout: return base.timeout(.milliseconds(15)).erased()
        case .abandoning:
          return base.timeout(.milliseconds(15), abandoning: abandoned).erased()
        case .deadline: return base.deadline(.milliseconds(40)).erased()
        case .breaker: return base.circuitBreaker(breaker).erased()
        case .limiter: return base.rateLimit(bucket, mode: .wait).erased()
        }
      }
    }

    func requireNothingLeft(_ sim: Simulation, _ timers: TimerLedger) throws {
      try sim.require(timers.pending == 0, "\(timers.pending) timers are left")
      try sim.require(bucket.snapshot().waiting == 0, "somebody waits for \(bucket)")
      try sim.require(breaker.snapshot().probesRunning == 0, "a probe is left")
      try sim.require(abandoned.snapshot().running == 0, "abandoned work is left")
    }
  }

  // MARK: - Row 28

  /// Work of 10 ms that fails, or of 60 s that hangs, is cancelled at each instant at which something may
  /// happen.
  @Test(arguments: stacks(of: [.retry, .timeout, .deadline, .breaker, .limiter]))
  func row28_cancelledAtAnyPointTheCallEndsAndNothingIsLeft(layers: [Layer]) throws {
    for (takes, instants) in [(10, [0, 5, 10, 15, 20]), (60_000, [15, 39])] as [(Int64, [Int64])] {
      for instant in instants {
        let exploration = try Simulation.exploreEveryInterleaving(limit: 2000) { sim in
          try await cancelled(at: .milliseconds(instant), layers, sim) { _ in
            try await sim.sleep(for: .milliseconds(takes))
            throw Down()
          }
          try sim.require(sim.now <= .milliseconds(instant), "\(layers) ended at \(sim.now)")
        }
        #expect(exploration.isComplete)
      }
    }
  }

  /// The same with work that ignores cancellation for 100 ms, under a limit that abandons it.
  @Test(
    arguments: stacks(of: [.retry, .abandoning, .deadline, .breaker]).filter { $0.contains(.abandoning) })
  func row28_cancelledAtAnyPointAnAbandoningStackEndsAfterItsLimit(layers: [Layer]) throws {
    for instant in [0, 10, 15, 20, 25] as [Int64] {
      let exploration = try Simulation.exploreEveryInterleaving(limit: 2000) { sim in
        let ended = try await cancelled(at: .milliseconds(instant), layers, sim) { _ in
          await uninterrupted(for: .milliseconds(100))
          throw Down()
        }
        try sim.require(ended <= .milliseconds(instant + 25), "\(layers) ended at \(ended)")
      }
      #expect(exploration.isComplete)
    }
  }

  /// Calls a stack, cancels it, waits for what it abandoned, and looks at what is left.
  @discardableResult
  private func cancelled(
    at instant: Duration, _ layers: [Layer], _ sim: Simulation,
    _ work: @escaping @Sendable (Int) async throws -> Void
  ) async throws -> Instant {
    let parts = Parts()
    let timers = TimerLedger()
    let ended = Log<Instant>()
    let stack = parts.stack(layers, around: ServiceCall("destination") { try await work($0) })
    try await timers.watching {
      try await cancelling(after: instant, sim) {
        // Makes the limiter's next caller wait.
        _ = parts.bucket.tryAcquire(at: sim.now)
        await #expect(throws: (any Error).self) { try await stack(1) }
        ended.append(sim.now)
      }
      if layers.contains(.abandoning) { try await sim.advance(by: .milliseconds(200)) }
    }
    try parts.requireNothingLeft(sim, timers)
    return ended.entries.last ?? sim.now
  }

  /// The deadline passes while a retry waits to try again: the call ends then at the latest, with what it
  /// knows.
  @Test(arguments: stacks(of: [.timeout, .breaker, .limiter]))
  func row28_aDeadlineThatPassesDuringABackoffEndsTheCall(inner: [Layer]) throws {
    for deadline in [11, 15, 19, 20, 21] as [Int64] {
      let exploration = try Simulation.exploreEveryInterleaving { sim in
        let (parts, timers) = (Parts(), TimerLedger())
        let call = ServiceCall("destination") { (_: Int) in
          try await sim.sleep(for: .milliseconds(10))
          throw Down()
        }
        let stack = parts.stack(inner + [.retry], around: call).deadline(.milliseconds(deadline))
          .timeout(.milliseconds(deadline))
        try await timers.watching { await #expect(throws: (any Error).self) { try await stack(1) } }
        try sim.require(sim.now <= .milliseconds(deadline), "ended at \(sim.now)")
        try parts.requireNothingLeft(sim, timers)
      }
      #expect(exploration.isComplete)
    }
  }

  // MARK: - Row 25

  /// A retry that would go on for hours, around whatever else, under a deadline of a second.
  @Test(arguments: stacks(of: [.retry, .timeout, .breaker, .limiter]))
  func row25_noStackTakesLongerThanItsDeadline(layers: [Layer]) throws {
    let takes: Int64 = 3
    for seed in 1...3 as ClosedRange<UInt64> {
      let (parts, timers) = (Parts(), TimerLedger())
      try Simulation(seed: seed).run { sim in
        let call = ServiceCall("destination") { (_: Int) in
          try await sim.sleep(for: .milliseconds(takes))
          throw Down()
        }
        let patient = RetryPolicy(maxAttempts: 10_000, backoff: .constant(.milliseconds(2)))
        let stack = parts.stack(layers, around: call).retry(patient, budget: nil).deadline(.seconds(1))
        try await timers.watching { await #expect(throws: (any Error).self) { try await stack(1) } }
        // What begins before a cooperative deadline is not interrupted, if no limit is around it.
        let slack = layers.contains(.timeout) ? 0 : takes
        #expect(sim.now <= .milliseconds(1000 + slack), "\(layers)")
        try parts.requireNothingLeft(sim, timers)
      }
    }
  }

  /// The same around work that hangs, which takes a limit to end.
  @Test(arguments: stacks(of: [.retry, .breaker, .limiter]))
  func row25_noStackWaitsForAHangLongerThanItsDeadline(layers: [Layer]) throws {
    try Simulation(seed: 1).run { sim in
      let (parts, timers) = (Parts(), TimerLedger())
      let call = ServiceCall("destination") { (_: Int) in try await sim.sleep(for: .seconds(3600)) }
      let patient = RetryPolicy(maxAttempts: 10_000, backoff: .constant(.milliseconds(2)))
      for limit in [Layer.timeout, .abandoning] {
        let begin = sim.now
        let stack = parts.stack([limit] + layers, around: call).retry(patient, budget: nil).deadline(
          .seconds(1))
        try await timers.watching { await #expect(throws: (any Error).self) { try await stack(1) } }
        #expect(begin.duration(to: sim.now) <= .seconds(1), "\(layers)")
        try await sim.advance(by: .zero)
        try parts.requireNothingLeft(sim, timers)
      }
    }
  }

  // MARK: - Row 14

  /// A breaker between two limits that end together: the attempt timed out, whichever timer runs first.
  @Test(arguments: [15, 20])
  func row14_aBreakerBetweenTwoLimitsSeesAFailure(outer: Int64) throws {
    // By seeds: an exhaustive exploration runs the timers of one instant in the order of arming only.
    try Simulation.explore(seeds: 0..<100) { sim in
      let breaker = CircuitBreaker("destination")
      let call = ServiceCall { (_: Int) in try await sim.sleep(for: .seconds(60)) }
      let stack = call.timeout(.milliseconds(20)).circuitBreaker(breaker).timeout(.milliseconds(outer))
      await #expect(throws: TimedOut.self) { try await stack(1) }
      let snapshot = breaker.snapshot()
      try sim.require(snapshot.failures == 1 && snapshot.windowCalls == 1, "\(snapshot)")
    }
  }

  /// Abandoned work is a failure; the caller's cancellation is neutral even if its work had to be abandoned.
  @Test func row14_abandonedWorkIsAFailureAndACallersCancellationIsNeutral() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let (breaker, abandoned) = (CircuitBreaker("destination"), AbandonedWork("destination"))
      let stack = ServiceCall { (_: Int) in await uninterrupted(for: .seconds(60)) }
        .timeout(.milliseconds(20), abandoning: abandoned).circuitBreaker(breaker)
      await #expect(throws: TimedOut.self) { try await stack(1) }
      try sim.require(breaker.snapshot().failures == 1, "\(breaker.snapshot())")
      try await cancelling(after: .milliseconds(10), sim) {
        await #expect(throws: CancellationError.self) { try await stack(1) }
      }
      try sim.require(breaker.snapshot().failures == 1, "\(breaker.snapshot())")
      try sim.require(abandoned.snapshot().total == 2, "\(abandoned.snapshot())")
    }
    #expect(exploration.isComplete)
  }
}
