import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRetry

/// Instants, durations and counts from both ends: nothing traps, and what comes out keeps its promise.
@Suite struct EndsOfTimeTests {
  static let extremes: [Int64] = [
    .min, .min + 1, -1_000_000_001, -1, 0, 1, 999_999_999, 1_000_000_000, .max / 2, .max - 1, .max,
  ]

  static let durations: [Duration?] =
    extremes.map { .nanoseconds($0) } + extremes.map { .seconds($0) }
    + [.zero, .nanoseconds(1) / 2, .nanoseconds(-1) / 2, nil]

  private static let backoffs: [Backoff] = [
    .none, .exponential(), .decorrelated(), .constant(.seconds(Int64.max), jitter: .none),
    .exponential(base: .seconds(Int64.max), cap: .seconds(Int64.max), multiplier: 1e300),
    .linear(base: .seconds(Int64.max), cap: .seconds(Int64.max)),
    .decorrelated(base: .seconds(Int64.max), cap: .seconds(Int64.max)),
    .custom([.zero, .seconds(Int64.max)], jitter: .proportional(1)),
  ]

  private static let policies: [RetryPolicy] = backoffs.flatMap { backoff in
    [1, 10_000, .max].flatMap { attempts in
      [.zero, .seconds(20), .seconds(Int64.max)].map { longest in
        RetryPolicy(maxAttempts: attempts, backoff: backoff, maxRetryAfter: longest)
      }
    }
  }

  // MARK: - Retry

  /// A pushback of any length, at any time: the retry is no earlier than asked, in time, and no sooner than
  /// at once.
  @Test func row73_aRetrysDecisionTakesAnything() {
    let random = SeededRandomSource(seed: 1)
    func pick<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
    var retried = 0
    for _ in 1...200_000 {
      let policy = pick(Self.policies)
      let now = Instant(nanoseconds: pick(Self.extremes))
      let deadline = Deadline(at: Instant(nanoseconds: pick(Self.extremes)))
      let retryAfter = pick(Self.durations)
      let pushback = Pushback(
        retryAfter: retryAfter, overloaded: random.next() % 2 == 0, notProcessed: random.next() % 2 == 0)
      let refusal = Refusal(retryAt: Instant(nanoseconds: pick(Self.extremes)))
      let isRefused = random.next() % 4 == 0
      let decision = policy.decision(
        after: isRefused ? Outcome(.neutral, pushback: pushback) : .failure(pushback),
        error: isRefused ? refusal : nil, attempt: Int(truncatingIfNeeded: pick(Self.extremes)), now: now,
        deadline: deadline, seed: random.next())
      guard case .retry(let delay) = decision else { continue }
      retried += 1
      let asked = retryAfter?.clampedNanoseconds ?? 0
      #expect(delay >= max(0, asked), "\(policy) after \(pushback)")
      #expect(deadline.isNever || delay < deadline.remainingNanoseconds(at: now), "\(policy) at \(now)")
    }
    #expect(retried > 10_000)
  }

  /// The whole retry, fed by a header: what is negative is no wait, what is absurdly long is none of ours.
  @Test(arguments: durations.indices)
  func row73_aRetryTakesAnyPushback(index: Int) throws {
    let (retryAfter, made) = (Self.durations[index], Log<Instant>())
    let end = try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in
        made.append(sim.now)
        throw Pushed(pushback: Pushback(retryAfter: retryAfter))
      }.retry(RetryPolicy(maxAttempts: 2, backoff: .none))
      await #expect(throws: Pushed.self) { try await call(1) }
      return sim.now
    }
    let asked = max(0, retryAfter?.clampedNanoseconds ?? 0)
    #expect(made.entries.count == (asked <= 20_000_000_000 ? 2 : 1))
    #expect(end == Instant(nanoseconds: asked <= 20_000_000_000 ? asked : 0))
  }

  // MARK: - Hedge

  @Test(arguments: durations.indices)
  func row73_aHedgeTakesAnyPushback(index: Int) throws {
    let (retryAfter, made) = (Self.durations[index], Log<Instant>())
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in
        made.append(sim.now)
        throw Pushed(pushback: Pushback(retryAfter: retryAfter))
      }.hedge(HedgePolicy(delay: .fixed(.milliseconds(50))), budget: nil)
      await #expect(throws: Pushed.self) { try await call(1) }
    }
    let isAtOnce = (retryAfter?.clampedNanoseconds ?? 0) <= 0
    #expect(made.entries.count == (isAtOnce ? 2 : 1))
  }

  /// Any sequence of endings at any instants ends after at most as many attempts as are allowed.
  @Test func row73_aHedgesStateMachineTakesAnything() {
    let random = SeededRandomSource(seed: 2)
    func pick<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
    for _ in 1...50_000 {
      func instant() -> Instant { Instant(nanoseconds: pick(Self.extremes)) }
      var machine = HedgeStateMachine(
        maxAttempts: 10, delayNanoseconds: max(0, pick(Self.extremes)),
        typicalNanoseconds: max(0, pick(Self.extremes)), deadline: Deadline(at: instant()), at: instant())
      var running: [Int] = [1]
      for _ in 1...40 {
        let now = instant()
        switch machine.decision(at: now) {
        case .begin:
          running.append(machine.begin(at: now))
        case .wait, .end:
          guard !running.isEmpty else { break }
          let attempt = running.removeLast()
          machine.ended(attempt, .failure(Pushback(retryAfter: pick(Self.durations))), at: now)
        }
      }
      #expect(machine.begun <= 10)
      #expect(machine.running.rawValue.nonzeroBitCount == running.count)
    }
  }

  @Test func row73_whatIsLearnedFromAnyLatencyStaysInItsBounds() {
    let random = SeededRandomSource(seed: 3)
    for _ in 1...20 {
      let learned = LearnedDelay(
        HedgeDelay.Learning(
          percentile: 50 + Double(random.next() % 50), minimumSamples: 1, atLeast: .nanoseconds(1),
          atMost: .seconds(Int64.max)))
      for _ in 1...5_000 {
        learned.record(
          nanoseconds: Self.extremes[Int(random.next() % UInt64(Self.extremes.count))], succeeded: true)
      }
      let delay = learned.nanoseconds ?? 0
      #expect(delay >= 1_024 && delay <= 1 << 40)
    }
  }

  /// A call whose clock stands at either end.
  @Test(arguments: [Int64.min, -1, 0, .max - 1, .max], [0, Int64.max])
  func row73_aHedgeAtEitherEndOfTimeEnds(now: Int64, delay: Int64) async throws {
    let clock = StandingClock(now: Instant(nanoseconds: now))
    let hedged = ServiceCall { (number: Int) in
      await Task.yield()
      return number
    }.hedge(HedgePolicy(delay: .fixed(.nanoseconds(delay))), budget: nil)
    let value = try await CallContext.withEnvironment(CallEnvironment(clock: clock)) { try await hedged(7) }
    #expect(value == 7)
  }
}

/// Stands still; nothing falls due.
private struct StandingClock: ResilienceClock {
  let now: Instant
  let base = ManualClock()

  var unixTime: UnixTime { base.unixTime }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    base.schedule(at: Instant(nanoseconds: .max), action)
  }

  func cancel(_ token: TimerToken) -> Bool { base.cancel(token) }
}
