import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private struct Down: Error, Hashable {}
private struct Mine: Error, Hashable {}

private struct Refused: Rejection, Hashable {
  var retryAt: Instant? { nil }
}

/// Every layer here that takes something, against every way out of a call: what is given back, and what is
/// counted.
@Suite struct WaysOutTests {
  /// How an attempt ends. The caller cancels it at 100 ms; a limit of a second is around it, which abandons
  /// it in the last.
  enum Way: String, CaseIterable, Sendable {
    case success, failure, lateFailure, lateValue, refusal, cancelled, cancelledWithAnErrorOfItsOwn,
      abandonment
  }

  /// What is taken: a token of a budget for a second attempt, or for one beside a first that hangs; a timer;
  /// a place in an execution that others share; one in the window of a breaker inside such an execution; one
  /// at an instance.
  enum Taker: String, CaseIterable, Sendable {
    case retry, retryThrottle, hedge, hedgeThrottle, abandoningHedge, timeout, coalescing, breakerInSharing,
      balancer
  }

  /// An attempt that goes that way.
  private static func walk(_ way: Way) async throws -> Int {
    let clock = CallContext.current.clock
    switch way {
    case .success: return 1
    case .failure: throw Down()
    case .lateFailure:
      await uninterrupted(for: .milliseconds(1_005))
      throw Down()
    case .lateValue:
      await uninterrupted(for: .milliseconds(1_005))
      return 1
    case .refusal: throw Refused()
    case .cancelled: try await clock.sleep(for: .seconds(60))
    case .cancelledWithAnErrorOfItsOwn:
      do { try await clock.sleep(for: .seconds(60)) } catch { throw Mine() }
    case .abandonment: await uninterrupted(for: .seconds(60))
    }
    return 1
  }

  /// What is left at the end, as text, so that a cell says all of it.
  private final class Ledger: Sendable {
    let budget = RetryBudget(ratio: 0, reserve: 10, refillInterval: nil)
    let throttle = RetryBudget.throttle(maxTokens: 20, tokenRatio: 1)
    let abandoned = AbandonedWork("destination")
    let breaker = CircuitBreaker("outside")
    let inside = CircuitBreaker("inside")
    let running = Log<Int>()

    /// What came out, as the breaker outside counts it, and who still runs or waits.
    func text(_ timers: TimerLedger, _ more: String) -> String {
      let snapshot = breaker.snapshot()
      let outcome =
        snapshot.windowCalls == 0 ? "neutral" : snapshot.windowFailures == 1 ? "failure" : "success"
      let left = [running.entries.reduce(0, +), timers.pending, abandoned.snapshot().running]
      return "\(outcome), \(more)" + (left == [0, 0, 0] ? "" : ", left \(left)")
    }
  }

  /// A cell: the call's outcome for the layers outside; what the taker has at the end.
  private static let table: [Taker: [Way: String]] = [
    // Ten tokens, of which the second attempt takes one, and gives it back when it is refused, since it was
    // not sent.
    .retry: [
      .success: "success, 9 tokens", .failure: "failure, 9 tokens", .lateFailure: "failure, 9 tokens",
      .lateValue: "success, 9 tokens", .refusal: "neutral, 10 tokens", .cancelled: "neutral, 9 tokens",
      .cancelledWithAnErrorOfItsOwn: "neutral, 9 tokens", .abandonment: "failure, 9 tokens",
    ],
    // Nine retries: each failure takes one, the first attempt's too; a success brings one.
    .retryThrottle: [
      .success: "success, 9 tokens", .failure: "failure, 7 tokens", .lateFailure: "failure, 7 tokens",
      .lateValue: "success, 9 tokens", .refusal: "neutral, 8 tokens", .cancelled: "neutral, 8 tokens",
      .cancelledWithAnErrorOfItsOwn: "neutral, 8 tokens", .abandonment: "failure, 7 tokens",
    ],
    // The second of two attempts goes the way. The first, which hangs, ends by its limit where the second
    // decides nothing.
    .hedge: [
      .success: "success, 9 tokens", .failure: "failure, 9 tokens", .lateFailure: "failure, 9 tokens",
      .lateValue: "success, 9 tokens", .refusal: "failure, 10 tokens", .cancelled: "neutral, 9 tokens",
      .cancelledWithAnErrorOfItsOwn: "neutral, 9 tokens", .abandonment: "failure, 9 tokens",
    ],
    .hedgeThrottle: [
      .success: "success, 9 tokens", .failure: "failure, 6 tokens", .lateFailure: "failure, 6 tokens",
      .lateValue: "success, 8 tokens", .refusal: "failure, 8 tokens", .cancelled: "neutral, 8 tokens",
      .cancelledWithAnErrorOfItsOwn: "neutral, 8 tokens", .abandonment: "failure, 6 tokens",
    ],
    // The same, but that nobody waits for longer than 10 ms: what comes later has come too late.
    .abandoningHedge: [
      .success: "success, 9 tokens", .failure: "failure, 9 tokens", .lateFailure: "failure, 9 tokens",
      .lateValue: "failure, 9 tokens", .refusal: "failure, 10 tokens", .cancelled: "neutral, 9 tokens",
      .cancelledWithAnErrorOfItsOwn: "neutral, 9 tokens", .abandonment: "failure, 9 tokens",
    ],
    .timeout: [
      .success: "success, 0 abandoned", .failure: "failure, 0 abandoned",
      .lateFailure: "failure, 0 abandoned",
      .lateValue: "success, 0 abandoned", .refusal: "neutral, 0 abandoned",
      .cancelled: "neutral, 0 abandoned",
      .cancelledWithAnErrorOfItsOwn: "neutral, 0 abandoned", .abandonment: "failure, 1 abandoned",
    ],
    // One caller, whose deadline is that of the execution: when it has left, nobody waits, and what comes
    // then is its answer.
    .coalescing: [
      .success: "success, 0 running, 0 deserted", .failure: "failure, 0 running, 0 deserted",
      .lateFailure: "failure, 0 running, 1 deserted", .lateValue: "success, 0 running, 1 deserted",
      .refusal: "neutral, 0 running, 0 deserted", .cancelled: "neutral, 0 running, 1 deserted",
      .cancelledWithAnErrorOfItsOwn: "neutral, 0 running, 1 deserted",
      .abandonment: "failure, 0 running, 1 deserted",
    ],
    // The execution has no deadline of its own: whose doing its end is, it is told when it is cancelled.
    .breakerInSharing: [
      .success: "success, 1 calls, 0 failures", .failure: "failure, 1 calls, 1 failures",
      .lateFailure: "failure, 1 calls, 1 failures", .lateValue: "success, 1 calls, 0 failures",
      .refusal: "neutral, 0 calls, 0 failures", .cancelled: "neutral, 0 calls, 0 failures",
      .cancelledWithAnErrorOfItsOwn: "neutral, 0 calls, 0 failures",
      .abandonment: "success, 1 calls, 0 failures",
    ],
    // A place at an instance is kept until the work has ended, also when nobody waits for it any more.
    .balancer: [
      .success: "success, 0 in flight", .failure: "failure, 0 in flight",
      .lateFailure: "failure, 0 in flight",
      .lateValue: "success, 0 in flight", .refusal: "neutral, 0 in flight",
      .cancelled: "neutral, 0 in flight", .cancelledWithAnErrorOfItsOwn: "neutral, 0 in flight",
      .abandonment: "failure, 1 in flight",
    ],
  ]

  @Test(arguments: Taker.allCases, Way.allCases)
  func whatIsTakenComesBackOnEveryWayOut(taker: Taker, way: Way) throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let found = try Simulation(seed: seed).run { sim in
        let (ledger, timers, more) = (Ledger(), TimerLedger(), Log<String>())
        try await timers.watching {
          let call = Self.stack(taker, way, ledger, more)
          let isCancelled = way == .cancelled || way == .cancelledWithAnErrorOfItsOwn
          try await cancelling(after: isCancelled ? .milliseconds(100) : .seconds(3600), sim) {
            _ = try? await call(1)
          }
          // What was abandoned runs to its end, and nothing else does.
          try await sim.advance(by: .seconds(60))
        }
        return ledger.text(timers, Self.rest(taker, ledger, more))
      }
      #expect(found == Self.table[taker]?[way], "seed \(seed)")
    }
  }

  private static func rest(_ taker: Taker, _ ledger: Ledger, _ more: Log<String>) -> String {
    switch taker {
    case .retry, .hedge, .abandoningHedge: "\(ledger.budget.available) tokens"
    case .retryThrottle, .hedgeThrottle: "\(ledger.throttle.available) tokens"
    case .timeout: "\(ledger.abandoned.snapshot().total) abandoned"
    case .coalescing, .breakerInSharing, .balancer: more.entries.last ?? ""
    }
  }

  private static func stack(_ taker: Taker, _ way: Way, _ ledger: Ledger, _ more: Log<String>) -> AnyHandler<
    Int, Int
  > {
    let limit = Duration.seconds(1)
    let leaf = ServiceCall("destination") { (_: Int, context: CallContext) in
      ledger.running.append(1)
      defer { ledger.running.append(-1) }
      switch taker {
      case .retry, .retryThrottle:
        if context.attempt == 1 { throw Down() }
      case .hedge, .hedgeThrottle, .abandoningHedge:
        if context.attempt == 1 { try await context.clock.sleep(for: .seconds(60)) }
      case .timeout, .coalescing, .breakerInSharing, .balancer: break
      }
      return try await walk(way)
    }
    // Late work is deaf for less time than its caller waits; abandoned work for more.
    let limited = leaf.timeout(limit, abandoning: ledger.abandoned)
    let budget = taker == .retryThrottle || taker == .hedgeThrottle ? ledger.throttle : ledger.budget
    let taking: AnyHandler<Int, Int> =
      switch taker {
      case .retry, .retryThrottle:
        limited.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: budget).erased()
      case .hedge, .hedgeThrottle:
        limited.hedge(HedgePolicy(delay: .fixed(.milliseconds(50))), budget: budget).erased()
      case .abandoningHedge:
        leaf.hedge(
          HedgePolicy(delay: .fixed(.milliseconds(50))), budget: budget, abandoning: ledger.abandoned
        ).timeout(limit).erased()
      case .timeout: limited.erased()
      case .coalescing:
        noting(limited.coalesce(by: \.self), more) {
          "\($0.snapshot().running) running, \($0.snapshot().deserted) deserted"
        }.deadline(limit).erased()
      case .breakerInSharing:
        noting(leaf.circuitBreaker(ledger.inside).coalesce(by: \.self).deadline(limit), more) { _ in
          let window = ledger.inside.snapshot()
          return "\(window.windowCalls) calls, \(window.windowFailures) failures"
        }
      case .balancer:
        noting(balanced(leaf).timeout(limit, abandoning: ledger.abandoned), more) {
          "\($0.base.balancer.snapshot().instances.map(\.inFlight).reduce(0, +)) in flight"
        }
      }
    return taking.circuitBreaker(ledger.breaker).erased()
  }

  private static func balanced(_ leaf: ServiceCall<Int, Int>) -> BalancedHandler<ServiceCall<Int, Int>> {
    let registry = ServiceRegistry()
    for id in ["a", "b"] {
      registry.register(ServiceInstance(id: id, service: "destination"), ttl: .seconds(1_000_000))
    }
    return registry.service("destination").balanced { _ in leaf }
  }

  /// Notes what a handler holds when the caller goes.
  private static func noting<Base: Handler>(
    _ base: Base, _ more: Log<String>, _ text: @escaping @Sendable (Base) -> String
  ) -> AnyHandler<Int, Int> where Base.Input == Int, Base.Output == Int {
    Noting(base: base, more: more, text: text).erased()
  }

  private struct Noting<Base: Handler>: HandlerDecorator {
    let base: Base
    let more: Log<String>
    let text: @Sendable (Base) -> String

    func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
      defer { more.append(text(base)) }
      return try await base.handle(input, context: context)
    }
  }
}
