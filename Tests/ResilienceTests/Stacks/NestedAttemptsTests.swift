import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

/// Layers that repeat a call inside each other: which attempt of all this one is, and whether another may
/// follow.
@Suite struct NestedAttemptsTests {
  private static let quickly = RetryPolicy(maxAttempts: 3, backoff: .none)

  /// As somebody outside the package would write one.
  private struct Logged<Base: Handler>: HandlerDecorator {
    let base: Base
    let log: Log<String>

    func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
      log.append(context.attemptHeader)
      return try await base.handle(input, context: context)
    }
  }

  /// A leaf that notes what it is told, takes a while, and fails.
  private func failing(_ seen: Log<String>, after delay: Duration = .zero) -> ServiceCall<Int, Void> {
    ServiceCall("stock") { (_: Int, context: CallContext) in
      seen.append("\(context.attempt)/\(context.maxAttempts)" + (context.isLastAttempt ? " last" : ""))
      if delay > .zero { try await context.clock.sleep(for: delay) }
      throw Down()
    }
  }

  private func expected(_ count: Int) -> [String] {
    (1...count).map { "\($0)/\(count)" + ($0 == count ? " last" : "") }
  }

  /// README's order: in each of three attempts of the retry two of the hedge. Quick failures, and slow ones
  /// that overlap.
  @Test(arguments: [Duration.zero, .milliseconds(80)])
  func row99_aHedgeInsideARetryCountsSixAttemptsAndCallsTheLastTheLast(delay: Duration) throws {
    let (seen, headers) = (Log<String>(), Log<String>())
    try Simulation(seed: 1).run { _ in
      let call = Logged(base: failing(seen, after: delay).timeout(.seconds(1)), log: headers)
        .circuitBreaker(
          CircuitBreaker(
            "stock",
            policy: CircuitBreakerPolicy(
              minimumThroughput: 100, openTime: .seconds(5), maxOpenTime: .seconds(60), halfOpenPermits: 1))
        )
        .hedge(HedgePolicy(delay: .fixed(.milliseconds(50))), budget: nil)
        .retry(Self.quickly, budget: nil).deadline(.seconds(60))
      await #expect(throws: Down.self) { try await call(1) }
    }
    #expect(seen.entries == expected(6))
    #expect(headers.entries == (1...6).map { "attempt=\($0); max=6" })
  }

  @Test func row99_aHedgeThatAbandonsCountsAsWell() throws {
    let seen = Log<String>()
    try Simulation(seed: 1).run { _ in
      let call = failing(seen)
        .hedge(
          HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(50))), budget: nil,
          abandoning: AbandonedWork("stock")
        )
        .retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)
      await #expect(throws: Down.self) { try await call(1) }
    }
    #expect(seen.entries == expected(6))
  }

  @Test(arguments: [false, true])
  func row99_aRetryInsideARetryCountsThroughWhateverIsBetween(isErased: Bool) async {
    let (seen, headers) = (Log<String>(), Log<String>())
    let inner = failing(seen).retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)
    let between: AnyHandler<Int, Void> =
      isErased
      ? AnyHandler(Logged(base: AnyHandler(inner), log: headers))
      : AnyHandler(Logged(base: inner, log: headers))
    await #expect(throws: Down.self) { try await between.retry(Self.quickly, budget: nil)(1) }
    #expect(seen.entries == expected(6))
    // The layer between stands in the outer retry's attempts.
    #expect(headers.entries == (1...3).map { "attempt=\($0); max=3" })
  }

  /// What a handler calls is a call of its own, and begins at one.
  @Test func row99_aCallMadeInsideTheWorkCountsItsOwn() async {
    let seen = Log<String>()
    let inner = failing(seen).retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)
    let outer = ServiceCall { (number: Int) in try await inner(number) }.retry(Self.quickly, budget: nil)
    await #expect(throws: Down.self) { try await outer(1) }
    #expect(seen.entries == (1...3).flatMap { _ in expected(2) })
  }
}
