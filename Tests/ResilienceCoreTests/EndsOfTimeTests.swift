import Testing

@testable import ResilienceCore

/// Instants, durations and counts from both ends of what their types hold, and from the middle: nothing
/// traps, and what comes out is within its bounds.
@Suite struct EndsOfTimeTests {
  private static let seeds = 0..<40 as Range<UInt64>
  private static let rounds = 250

  // MARK: - Time

  @Test(arguments: seeds)
  func instantsAndDeadlines(seed: UInt64) {
    let source = Extremes(seed)
    for _ in 0..<Self.rounds {
      let (first, second) = (Instant(nanoseconds: source.int64()), Instant(nanoseconds: source.int64()))
      let duration = source.duration()
      #expect((first.advanced(by: duration) < first) == (duration.clampedNanoseconds < 0 && first != .start))
      #expect((first.duration(to: second) < .zero) == (second < first))
      #expect(!first.description.isEmpty)

      let deadline = Deadline(at: first)
      #expect(deadline.remaining(at: second) >= .zero)
      #expect(deadline.isNever || deadline.hasPassed(at: second) == (deadline.remaining(at: second) == .zero))
      #expect(deadline.earlier(Deadline(at: second)).instant == min(first, second))
      #expect(!deadline.description.isEmpty)
      #expect(Refused(retryAt: first).retryAfter(at: second).map { $0 >= .zero } == true)
    }
  }

  @Test(arguments: seeds)
  func wallClockTimes(seed: UInt64) {
    let source = Extremes(seed)
    for _ in 0..<Self.rounds {
      let time = UnixTime(nanoseconds: source.int64())
      let text = time.description
      // The years that an `Int64` of nanoseconds reaches.
      #expect((1677...2262).contains(Int(text.prefix(4)) ?? 0), "\(text)")
      #expect(text.hasSuffix("Z"))
      let duration = source.duration()
      #expect((time.advanced(by: duration) < time) == (duration.clampedNanoseconds < 0 && time != .start))
    }
  }

  @Test(arguments: seeds)
  func durationsAsText(seed: UInt64) {
    let source = Extremes(seed)
    for _ in 0..<Self.rounds {
      let duration = source.duration()
      let text = DurationText(duration).description
      if duration >= .zero {
        #expect(
          DurationText(text)?.duration.clampedNanoseconds == max(1, duration.clampedNanoseconds)
            || text == "0s")
      }
      _ = DurationText(
        "\(source.int64())\(["ns", "us", "ms", "s", "min", "h"][source.random.next(below: 6)])")
      #expect(InvalidSetting.outside(.zero ... .seconds(1), "field", duration)?.value != "")
    }
  }

  // MARK: - Timers

  /// The wheel of the system's clock and the queue of a simulator's, side by side.
  @Test(arguments: seeds)
  func timers(seed: UInt64) {
    let source = Extremes(seed)
    let (ran, queued) = (Counter(), Counter())
    var wheel = TimerWheel()
    var queue = TimerQueue()
    var tokens: [(TimerToken, TimerToken)] = []
    var now = Instant.start
    for _ in 0..<Self.rounds {
      let due = Instant(nanoseconds: source.int64())
      tokens.append(
        (wheel.arm(at: due) { ran.add() }, queue.arm(at: due, rank: source.random.next()) { queued.add() }))
      if source.random.next(below: 3) == 0 {
        let (first, second) = tokens.remove(at: source.random.next(below: tokens.count))
        _ = wheel.disarm(first)
        _ = queue.disarm(second)
      }
      _ = wheel.disarm(TimerToken(id: source.uint64()))
      _ = queue.disarm(TimerToken(id: source.uint64()))
      now = max(now, Instant(nanoseconds: source.int64()))
      if source.random.next(below: 10) == 0 { settle(&wheel, &queue, at: now) }
    }
    settle(&wheel, &queue, at: Instant(nanoseconds: .max))
    let (inWheel, inQueue) = (wheel.count, queue.count)
    #expect(inWheel == 0)
    #expect(inQueue == 0)
    #expect(ran.count > 0)
  }

  private func settle(_ wheel: inout TimerWheel, _ queue: inout TimerQueue, at now: Instant) {
    while let action = queue.popDue(at: now) { action() }
    for _ in 0..<10_000 {
      switch wheel.step(at: now) {
      case .run(let action): action.run()
      case .proceed: continue
      case .wait(let instant):
        #expect(now < instant)
        return
      case .park: return
      }
    }
    Issue.record("the wheel does not come to rest")
  }

  @Test func aSleepOfTheGreatestDurationHasNotEnded() async throws {
    let clock = SystemClock()
    try await clock.sleep(until: .start)
    try await clock.sleep(for: .nanoseconds(Int64.min))
    let sleeper = Task { try await clock.sleep(for: Duration(attoseconds: .max)) }
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
  }

  // MARK: - Retries

  @Test(arguments: seeds)
  func backoffs(seed: UInt64) {
    let source = Extremes(seed)
    for _ in 0..<Self.rounds {
      let base = max(.zero, source.duration())
      let cap = max(base, source.duration())
      let jitter: Backoff.Jitter = source.pick([
        .none, .full, .equal, .proportional(0), .proportional(0.3), .proportional(1),
      ])
      let multiplier = source.pick([1, 1.000_1, 2, 1e300])
      let backoff: Backoff = source.pick([
        .constant(base, jitter: jitter), .linear(base: base, increment: cap, cap: cap, jitter: jitter),
        .exponential(base: base, cap: cap, multiplier: multiplier, jitter: jitter),
        .decorrelated(base: base, cap: cap), .custom([base, cap, .zero], jitter: jitter),
        .exponential(base: base), .linear(base: base), .decorrelated(base: base),
      ])
      let (retry, draw) = (Int(source.int64()), source.uint64())
      let delay = backoff.delay(retry: retry, seed: draw)
      #expect(delay >= .zero && delay <= .nanoseconds(backoff.capNanoseconds))
      let notBefore = source.int64()
      #expect(backoff.delayNanoseconds(retry: retry, seed: draw, notBefore: notBefore) >= notBefore)
    }
  }

  @Test(arguments: seeds)
  func budgets(seed: UInt64) {
    let source = Extremes(seed)
    let reserve = source.pick([1, 3, 1_000_000_000])
    let interval: Duration? = source.pick([
      nil, Duration(attoseconds: 1), .nanoseconds(1), .seconds(20), Duration(attoseconds: .max),
    ])
    let budget = source.pick([
      RetryBudget(ratio: source.pick([0, 1e-9, 0.1, 10]), reserve: reserve, refillInterval: interval),
      .throttle(maxTokens: source.pick([1, 10, 1000]), tokenRatio: source.pick([0.001, 0.1, 1000])),
      .unbounded,
    ])
    for _ in 0..<Self.rounds {
      let now = Instant(nanoseconds: source.int64())
      switch source.random.next(below: 5) {
      case 0: _ = budget.withdraw(depositing: true, at: now)
      case 1: _ = budget.withdraw(at: now)
      case 2: budget.deposit()
      case 3: budget.refund()
      default: budget.noteUnretried(isFirst: true, .failure)
      }
      #expect((0...max(10, reserve, 1000)).contains(budget.available(at: now)))
      #expect(budget.available <= budget.available(at: Instant(nanoseconds: .max)))
      #expect(budget.snapshot(at: Instant(nanoseconds: source.int64())).available >= 0)
    }
  }

  @Test(arguments: seeds)
  func retryAfterFields(seed: UInt64) {
    let source = Extremes(seed)
    let forms: [@Sendable (String) -> String] = [
      { "Wed, 31 Dec \($0) 23:59:59 GMT" }, { "Wed Jan  1 00:00:00 \($0)" },
      { "Wednesday, 31-Dec-\($0.suffix(2)) 23:59:60 GMT" },
    ]
    for _ in 0..<Self.rounds {
      let now = UnixTime(nanoseconds: source.int64())
      let year = source.pick(["0000", "0001", "1582", "1677", "1970", "2262", "2263", "9999"])
      let date = RetryAfter(source.pick(forms)(year), at: now)
      #expect(date.map { $0.delay >= .zero } == true)
      let number = RetryAfter("\(source.uint64())", at: now)
      #expect(number.map { (.zero ... .seconds(1 << 31)).contains($0.delay) } == true)
      let duration = source.duration()
      let text = RetryAfter(duration).description
      let seconds = max(0, duration.attoseconds) / 1_000_000_000_000_000_000
      #expect(Int128(text).map { $0 == seconds || $0 == seconds + 1 } == true)
    }
  }
}

private struct Refused: Rejection {
  let retryAt: Instant?
}

extension Instant {
  fileprivate static let start = Instant(nanoseconds: .min)
}

extension UnixTime {
  fileprivate static let start = UnixTime(nanoseconds: .min)
}

/// Numbers of which most are near an end, near nothing, or near a power of two.
private struct Extremes {
  let random: SeededRandomSource

  init(_ seed: UInt64) { random = SeededRandomSource(seed: seed) }

  func uint64() -> UInt64 {
    let near = UInt64(random.next(below: 3))
    return switch random.next(below: 5) {
    case 0: near
    case 1: .max - near
    case 2: 1 << random.next(below: 64) &+ near
    case 3: 1 << random.next(below: 64) &- near
    default: random.next()
    }
  }

  func pick<Choice>(_ choices: [Choice]) -> Choice { choices[random.next(below: choices.count)] }

  func int64() -> Int64 { Int64(bitPattern: uint64() &+ (random.next(below: 2) == 0 ? 1 << 63 : 0)) }

  /// Also those that no `Int64` of seconds holds.
  func duration() -> Duration {
    switch random.next(below: 4) {
    case 0: .nanoseconds(int64())
    case 1: .seconds(int64())
    case 2: Duration(attoseconds: Int128(int64()))
    default: Duration(attoseconds: Int128(int64()) << 64 | Int128(uint64()))
    }
  }
}

/// Not a log: hundreds of timers.
private final class Counter: Sendable {
  private let value = Lock(0)

  var count: Int { value.withLock { $0 } }

  func add() { value.withLock { $0 += 1 } }
}
