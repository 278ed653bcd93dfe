import Foundation
import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestSupport
import Testing

/// Every public primitive, asked at instants and with durations and counts from both ends: nothing traps,
/// nothing spins, and what is read stays within its bounds.
///
/// In processes of their own, which an alarm ends: what spins holding a lock could not be stopped otherwise.
@Suite struct EndsOfTimeTests {
  @Test func aBreakerIsAskedAtTheEndsOfTime() async {
    await #expect(processExitsWith: .success) {
      alarm(60)
      for seed in 0..<300 as Range<UInt64> {
        var course = BreakerCourse(seed: seed)
        for _ in 0..<200 where course.fault == nil { course.step() }
        course.end()
        if let fault = course.fault { Issue.record("seed \(seed): \(fault)") }
      }
    }
  }

  @Test func aTableIsAskedAtTheEndsOfTime() async {
    await #expect(processExitsWith: .success) {
      alarm(60)
      for seed in 0..<50 as Range<UInt64> {
        let extremes = Extremes(seed: seed)
        let breakers = CircuitBreakers<Int>(
          "peers", policy: extremes.policy(), maxBreakers: extremes.one(of: [1, 20, .max]),
          idleTime: extremes.anyDuration())
        for _ in 0..<400 {
          let now = extremes.instant()
          let breaker = breakers.breaker(for: extremes.below(300), at: now)
          breaker.call(extremes.verdict(), at: extremes.one(of: [now, extremes.instant()]))
          if extremes.below(50) == 0 { breakers.update(extremes.policy()) }
          if extremes.below(50) == 0 { _ = breakers.snapshot().metrics }
        }
        if breakers.snapshot().breakers > breakers.maxBreakers { Issue.record("seed \(seed)") }
      }
    }
  }

  /// Was found to spin, holding its lock.
  @Test func slowCallsAtTheLastInstant() async {
    await #expect(processExitsWith: .success) {
      alarm(60)
      let breaker = CircuitBreaker(
        "stock",
        policy: CircuitBreakerPolicy(
          slowCalls: .init(threshold: .seconds(1)), openTime: .seconds(5), maxOpenTime: .seconds(60),
          halfOpenPermits: 1))
      breaker.call(.success, at: .s(1))
      breaker.call(.success, at: Instant(nanoseconds: .max))
      #expect(breaker.snapshot(at: Instant(nanoseconds: .max)).successes == 2)
    }
  }
}

/// One breaker, and the calls it let in.
private struct BreakerCourse {
  private final class Held {
    var permit: CircuitBreakerPermit?
    init(_ permit: consuming CircuitBreakerPermit) { self.permit = consume permit }
  }

  private let extremes: Extremes
  private let breaker: CircuitBreaker
  private var held: [Held] = []
  private var now: Instant
  private(set) var fault: String?

  init(seed: UInt64) {
    extremes = Extremes(seed: seed)
    now = extremes.instant()
    breaker = CircuitBreaker(
      "stock", policy: extremes.policy(),
      onEvent: { event in _ = event.description + "\(event.kind)" })
  }

  mutating func step() {
    now = extremes.instant(after: now)
    switch extremes.below(24) {
    case 0..<9:
      if case .admitted(let permit) = breaker.admit(at: now) { held.append(Held(permit)) }
    case 9..<20:
      guard !held.isEmpty else { return }
      finish(held.remove(at: extremes.below(held.count)))
    case 20:
      if extremes.below(4) == 0 { breaker.update(extremes.policy()) }
    case 21:
      let overrides: [CircuitBreakerOverride?] = [nil, nil, nil, .forcedOpen, .disabled, .metricsOnly]
      if extremes.below(4) == 0 { breaker.set(extremes.one(of: overrides), at: now) }
    case 22: _ = breaker.state(at: now).description
    default: look()
    }
  }

  private func finish(_ held: Held) {
    // Without a verdict it is dropped.
    guard extremes.below(6) > 0 else { return }
    held.permit.take()?.finish(extremes.verdict(), pushback: extremes.pushback(), at: now)
  }

  private mutating func look() {
    let snapshot = breaker.snapshot(at: now)
    _ = snapshot.metrics
    let isSound =
      (0...1).contains(snapshot.admittedShare) && (0...1).contains(snapshot.failureRate ?? 0)
      && (0...1).contains(snapshot.slowCallRate ?? 0)
      && (0...snapshot.windowCalls).contains(snapshot.windowFailures)
      && (0...snapshot.windowCalls).contains(snapshot.windowSlowCalls)
      && (0...held.count).contains(snapshot.overdueCalls) && (0...1024).contains(snapshot.probesRunning)
      && snapshot.probesRunning <= held.count && snapshot.consecutiveFailures >= 0
      && snapshot.timeOpen >= .zero
    if !isSound { fault = "\(snapshot) at \(now)" }
  }

  /// All calls end, whenever that is: nothing is left of them, and the breaker can be put right.
  mutating func end() {
    while let last = held.popLast() { finish(last) }
    look()
    now = Instant(nanoseconds: .max)
    look()
    breaker.set(nil, at: now)
    if !breaker.call(.success, at: now) { fault = "rejects when it is closed by hand" }
  }
}
