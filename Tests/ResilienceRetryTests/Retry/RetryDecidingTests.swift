import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Waits and attempts by the kind of failure.
@Suite struct RetryDecidingTests {
  private enum Fault: Error, Equatable { case deadlock, lag, syntax, lost }

  private static let policy = RetryPolicy(
    maxAttempts: 5, backoff: .constant(.seconds(1), jitter: .none), maxRetryAfter: .seconds(60))

  /// Fails with the faults, one after the other, and then succeeds; the attempts' begins in seconds.
  private func begins(
    _ faults: [any Error], deadline: Double? = nil, seed: UInt64 = 1,
    deciding choice: @escaping @Sendable (RetryFailure<String>) -> RetryChoice
  ) throws -> (begins: [Double], snapshot: RetrySnapshot) {
    try Simulation(seed: seed).run { sim in
      let starts = Log<Instant>()
      let call = ServiceCall("query") { (_: String) in
        starts.append(sim.now)
        if starts.entries.count <= faults.count { throw faults[starts.entries.count - 1] }
      }
      .retry(Self.policy, budget: nil, deciding: choice)
      let begin = sim.now
      var context = CallContext.current
      if let deadline { context.tightenDeadline(to: Deadline(at: begin.advanced(by: .seconds(deadline)))) }
      try? await call.handle("select", context: context)
      return (starts.entries.map { begin.duration(to: $0) / .seconds(1) }, call.snapshot())
    }
  }

  @Test func eachKindHasItsOwnWaitShorterOrLonger() throws {
    let (begins, _) = try begins([Fault.deadlock, Fault.lag, Fault.lost]) { failure in
      switch failure.error as? Fault {
      case .deadlock: .backoff(.constant(.milliseconds(5), jitter: .none))
      case .lag: .after(.seconds(2 * failure.attempt))
      default: .asPlanned
      }
    }
    #expect(begins == [0, 0.005, 4.005, 5.005])
  }

  @Test func eachKindHasItsOwnAttempts() throws {
    let choice: @Sendable (RetryFailure<String>) -> RetryChoice = { failure in
      switch failure.error as? Fault {
      case .syntax: .stop
      case .lost where failure.attempt >= 2: .stop
      default: .asPlanned
      }
    }
    for (fault, attempts) in [(Fault.syntax, 1), (.lost, 2), (.lag, 5)] {
      let (begins, snapshot) = try begins(Array(repeating: fault, count: 9), deciding: choice)
      #expect(begins.count == attempts)
      let reason: RetryDecision.Reason = fault == .lag ? .attemptsExhausted : .excluded
      #expect(snapshot.gaveUp == [reason: 1])
    }
  }

  @Test func itIsToldWhatThePolicyWouldDo() throws {
    let failures = Log<RetryFailure<String>>()
    let (begins, _) = try begins([Fault.lag, Fault.lost]) { failure in
      failures.append(failure)
      return .asPlanned
    }
    #expect(begins == [0, 1, 2])
    #expect(failures.entries.map(\.attempt) == [1, 2])
    #expect(failures.entries.map { $0.error as? Fault } == [.lag, .lost])
    #expect(failures.entries.map(\.delay) == [.seconds(1), .seconds(1)])
    #expect(failures.entries.map(\.input) == ["select", "select"])
    #expect(Set(failures.entries.map(\.seed)).count == 1)
  }

  /// A wait of one's own, as a pure function of seed and attempt.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func aWaitThatIsDrawnFromTheSeedIsTheSameForTheSameSeed(seed: UInt64) throws {
    func run() throws -> [Double] {
      try begins([Fault.lag, Fault.lag, Fault.lag], seed: seed) { failure in
        .after(.microseconds(Int64(failure.seed &* UInt64(failure.attempt) % 1_000_000)))
      }.begins
    }
    let first = try run()
    #expect(first.count == 4)
    #expect(try run() == first)
  }

  @Test func aBackoffHasTheJitterOfTheCall() throws {
    let own = Backoff.exponential(base: .milliseconds(300))
    let seeds = Log<UInt64>()
    let (begins, _) = try begins([Fault.lag, Fault.lag]) { failure in
      seeds.append(failure.seed)
      return .backoff(own)
    }
    let (first, second) = (
      own.delay(retry: 1, seed: seeds.entries[0]), own.delay(retry: 2, seed: seeds.entries[0])
    )
    #expect(begins == [0, first / .seconds(1), (first + second) / .seconds(1)])
  }

  @Test func whatTheDestinationAsksForIsALowerBoundOfAnyChoice() throws {
    let pushed = Pushed(pushback: .retryAfter(.seconds(3)))
    for (choice, wait) in [
      (RetryChoice.after(.milliseconds(5)), 3.0), (.after(.seconds(9)), 9), (.after(.seconds(-9)), 3),
      (.backoff(.constant(.milliseconds(5), jitter: .none)), 3), (.backoff(.none), 3),
    ] {
      #expect(try begins([pushed]) { _ in choice }.begins == [0, wait])
    }
    #expect(try begins([Fault.lag]) { _ in .after(.seconds(-9)) }.begins == [0, 0])
  }

  /// The planned wait would not fit, the chosen one does; and the other way round.
  @Test func theDeadlineIsHeldAgainstTheChosenWait() throws {
    let (shorter, _) = try begins([Fault.lag], deadline: 0.5) { _ in .after(.milliseconds(5)) }
    #expect(shorter == [0, 0.005])
    let (longer, snapshot) = try begins([Fault.lag], deadline: 2) { _ in .after(.seconds(3)) }
    #expect(longer == [0])
    #expect(snapshot.gaveUp == [.deadline: 1])
  }

  @Test func itIsAskedAboutNothingThatIsNotRetriedAnyhow() async {
    struct Refused: Rejection { var retryAt: Instant? { nil } }
    let asked = Log<Int>()
    let errors: [any Error] = [Refused(), Pushed(pushback: .doNotRetry)]
    for error in errors {
      let call = ServiceCall { (_: Int) in throw error }
        .retry(
          Self.policy,
          deciding: { failure in
            asked.append(failure.attempt)
            return .asPlanned
          })
      try? await call(1)
    }
    let once = ServiceCall { (_: Int) in throw Fault.lag }
      .nonIdempotent()
      .retry(
        Self.policy,
        deciding: { failure in
          asked.append(failure.attempt)
          return .asPlanned
        })
    try? await once(1)
    #expect(asked.entries.isEmpty)
  }

  @Test func aValueThatFailsHasNoErrorButItsOutcome() async throws {
    let seen = Log<Pushback?>()
    let call = ServiceCall { (status: Int) in status }
      .classify { _ in .failure(.retryAfter(.seconds(1))) }
      .retry(
        Self.policy,
        deciding: { failure in
          seen.append(failure.error == nil ? failure.outcome.pushback : nil)
          return .stop
        })
    #expect(try await call(429) == 429)
    #expect(seen.entries == [.retryAfter(.seconds(1))])
  }

  @Test func aRetryAroundAHedgeDecidesAsWell() async {
    let starts = Log<Int>()
    let call = ServiceCall { (_: Int) in
      starts.append(1)
      throw Fault.syntax
    }
    .hedge(HedgePolicy(delay: .fixed(.seconds(10))), budget: nil)
    .retry(deciding: { failure in failure.error as? Fault == .syntax ? .stop : .asPlanned })
    try? await call(1)
    // The hedge itself begins another attempt.
    #expect(starts.entries.count == 2)
  }

  // MARK: - Other faces

  @Test func aTrailingClosureIsToldTheEventsAndTheyCarryTheError() async {
    let events = Log<RetryEvent>()
    let call = ServiceCall("query") { (_: Int) in throw Fault.lag }
      .retry(maxAttempts: 2, backoff: .none) { event in events.append(event) }
    try? await call(1)
    let errors: [Fault?] = events.entries.map { event in
      switch event {
      case .scheduled(_, _, _, _, _, let error), .gaveUp(_, _, _, let error): error as? Fault
      }
    }
    #expect(errors == [.lag, .lag])
    #expect(
      events.entries == [
        .scheduled(call: "query", attempt: 2, delay: .zero, isLastAttempt: true, wasRefused: false),
        .gaveUp(call: "query", attempts: 2, reason: .attemptsExhausted),
      ])
    #expect(events.entries[1] != .gaveUp(call: "query", attempts: 2, reason: .excluded))
  }

  @Test func bothClosuresFitBehindTheCall() async {
    let events = Log<String>()
    let call = ServiceCall { (_: Int) in throw Fault.lag }
      .retry { event in
        events.append(event.name)
      } deciding: { _ in
        .stop
      }
    try? await call(1)
    #expect(events.entries == ["retry.gave_up"])
  }

  @Test func theShortFormIsThePolicyOfItsValues() {
    let call = ServiceCall("query") { (_: Int) in 1 }
    #expect(
      call.retry(maxAttempts: 4).layers == call.retry(RetryPolicy(maxAttempts: 4)).layers)
    #expect(
      call.hedge(after: .seconds(1)).retry(maxAttempts: 4).layers
        == call.hedge(after: .seconds(1)).retry(RetryPolicy(maxAttempts: 4)).layers)
  }
}
