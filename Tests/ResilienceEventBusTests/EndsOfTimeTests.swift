import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

/// Instants, durations and counts from both ends of their ranges, in any order: nothing traps, and nothing
/// goes on for ever.
@Suite struct EndsOfTimeTests {
  private static func outcome(_ extremes: Extremes) -> Outcome {
    Outcome(
      [.success, .failure, .failure, .neutral][extremes.choice(of: 4)],
      pushback: Pushback(
        retryAfter: extremes.choice(of: 2) == 0 ? extremes.duration() : nil,
        doNotRetry: extremes.choice(of: 8) == 0))
  }

  private static func policy(_ extremes: Extremes) -> DeliveryPolicy {
    let (base, cap) = (max(.zero, extremes.duration()), max(.zero, extremes.duration()))
    let backoff: Backoff =
      [
        .none, .constant(base), .exponential(base: min(base, cap), cap: max(base, cap), jitter: .none),
      ][extremes.choice(of: 3)]
    return DeliveryPolicy(
      maxDeliveries: max(1, extremes.int()), backoff: backoff, parallelism: max(1, extremes.int()),
      timeout: extremes.choice(of: 2) == 0 ? extremes.positiveDuration() : nil)
  }

  @Test func row73_whateverADeliveryComesToIsSettled() {
    for seed in 0..<20_000 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let policy = Self.policy(extremes)
      let (now, attempt) = (extremes.instant(), max(1, extremes.int()))
      let error: (any Error)? =
        [nil, Broken(), Busy(retryAt: extremes.instant())][extremes.choice(of: 3)]
      let deadline = Deadline(
        at: extremes.choice(of: 2) == 0 ? extremes.instant() : Instant(nanoseconds: .max))
      let settlement = policy.settlement(
        Self.outcome(extremes), error: error, attempt: attempt, deadline: deadline, now: now,
        seed: UInt64(bitPattern: extremes.int64()), isShuttingDown: extremes.choice(of: 8) == 0,
        takesToken: { extremes.choice(of: 2) == 0 })
      if case .redeliver(let due) = settlement {
        #expect(due >= now && due < deadline.instant && attempt < policy.maxDeliveries, "seed \(seed)")
      }
      _ = policy.refusal(attempt: attempt, deadline: deadline, now: now)
    }
  }

  /// It would wait for ever, and its subject with it.
  @Test func row73_aRedeliveryThatIsNeverDueIsADeadLetter() {
    for retryAfter in [Duration.nanoseconds(Int64.max), Duration(attoseconds: .max)] {
      let settlement = DeliveryPolicy().settlement(
        .failure(.retryAfter(retryAfter)), error: Broken(), attempt: 1, deadline: .never, now: .s(1), seed: 1,
        isShuttingDown: false)
      #expect(settlement == .deadLetter(.expired))
    }
  }

  @Test func row73_anInboxKeepsItsCountsAtAnyInstant() {
    for seed in 0..<2000 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let inbox = Inbox(
        policy: InboxPolicy(
          window: extremes.positiveDuration(), lease: extremes.positiveDuration(),
          capacity: 1 + extremes.choice(of: 3)))
      var reservations: [InboxReservation] = []
      for _ in 0..<20 {
        switch extremes.choice(of: 4) {
        case 0: if let held = reservations.popLast() { inbox.commit(held, at: extremes.instant()) }
        case 1: if let held = reservations.popLast() { inbox.release(held) }
        default:
          let key = InboxKey(source: "s", id: "\(extremes.choice(of: 5))")
          if case .reserved(let held) = inbox.reserve(key, at: extremes.instant()) {
            reservations.append(held)
          }
        }
        let snapshot = inbox.snapshot()
        #expect(snapshot.reserved >= 0 && snapshot.remembered >= 0, "seed \(seed)")
        #expect(snapshot.reserved + snapshot.remembered <= inbox.policy.capacity, "seed \(seed)")
      }
    }
  }

  /// A whole bus whose events say anything: all of them are settled.
  @Test func row73_nothingThatAnEventSaysTrapsOrKeepsTheBusFromComingToRest() throws {
    var runs = 0
    for seed in 0..<300 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      let random = Self.policy(extremes)
      // As often as it is allowed: for ever is not what is tested here.
      let policy = DeliveryPolicy(
        maxDeliveries: min(4, random.maxDeliveries), backoff: random.backoff, parallelism: random.parallelism,
        timeout: random.timeout)
      let ended = try untilTheEndOfTime(seed: seed, stepLimit: 50_000) { sim in
        if extremes.choice(of: 2) == 0 { try await sim.sleep(for: extremes.duration()) }
        let bus = EventBus(source: "tests")
        try bus.subscribe(
          to: Topic.number, group: "g", policy: policy, budget: RetryBudget(),
          handler: EventHandler("g") { (event: Event<Int>) in
            if extremes.choice(of: 2) == 0 { throw Later(pushback: Self.outcome(extremes).pushback) }
            if extremes.choice(of: 2) == 0 { throw Busy(retryAt: extremes.instant()) }
          })
        try await bus.running {
          for number in 0..<6 {
            var event = try Event(
              source: "s", type: Topic.number, subject: number % 2 == 0 ? "a" : nil, data: number,
              deadline: extremes.choice(of: 2) == 0 ? Deadline(at: extremes.instant()) : .never)
            event.envelope.attempt = extremes.choice(of: 2) == 0 ? extremes.int() : 0
            try await bus.publish(event)
          }
          try await bus.waitUntilIdle()
        }
        let group = try #require(bus.group("g"))
        #expect(group.delivered + group.deadLettered == 6, "seed \(seed)")
        for letter in bus.deadLetters.letters { _ = letter.description + letter.time.description }
      }
      if ended { runs += 1 }
    }
    #expect(runs > 100, "\(runs) runs came to their own end")
  }

  /// A timeout that an input computes, as what is left of some time.
  @Test func row73_aRequestTakesAnyTimeout() throws {
    for seed in 0..<300 as Range<UInt64> {
      let extremes = Extremes(seed: seed)
      try Simulation(seed: seed, stepLimit: 10_000).run { sim in
        let bus = EventBus(source: "tests")
        let answers = extremes.choice(of: 2) == 0
        try bus.respond(
          to: Topic.number, with: Topic.answer, group: "g",
          handler: ServiceCall { (_: Event<Int>) in
            if !answers { try await sim.sleep(for: Duration(attoseconds: .max)) }
            return "yes"
          })
        let timeout = extremes.duration()
        try await bus.running {
          do {
            _ = try await bus.request(1, as: Topic.number, expecting: Topic.answer, timeout: timeout)
            #expect(timeout > .zero, "seed \(seed)")
          } catch is RequestTimedOut {
            #expect(timeout < .nanoseconds(1) || !answers, "seed \(seed)")
          } catch is RequestFailed {
            #expect(!answers, "seed \(seed)")
          }
        }
        #expect((bus.snapshot().published > 0) == (timeout >= .nanoseconds(1)), "seed \(seed)")
        #expect(bus.snapshot().pendingRequests == 0)
      }
    }
  }
}
