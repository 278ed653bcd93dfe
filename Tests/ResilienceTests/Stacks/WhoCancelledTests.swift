import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private struct Mine: Error, Hashable {}

/// Whose cancellation an error stands for: one that the caller did not cause is a failure like any other;
/// whatever is thrown after the caller's own is neutral. The same answer in every layer of retry, timeout and
/// fallback.
@Suite struct WhoCancelledTests {
  enum Layer: String, CaseIterable, Sendable {
    case retry, hedge, abandoningHedge, timeout, abandoningTimeout, deadline, fallback, coalescing
  }

  /// One layer around a leaf, and a breaker around both, which counts what comes out.
  private final class Bench: Sendable {
    let breaker = CircuitBreaker("outside")
    let abandoned = AbandonedWork("destination")
    let budget = RetryBudget(ratio: 0, reserve: 10, refillInterval: nil)
    let throttle = RetryBudget.throttle(maxTokens: 20, tokenRatio: 1)
    let (made, asked, fallbacks) = (Log<Int>(), Log<String>(), Log<Int>())
    let events = Log<RetryEvent>()

    /// - Parameter work: Given how often it was called.
    func stack(
      _ layer: Layer, budget: RetryBudget?, _ work: @escaping @Sendable (Int) async throws -> Int
    ) -> AnyHandler<Int, Int> {
      let call = ServiceCall("call") { [made] (number: Int) in
        made.append(number)
        return try await work(made.entries.count)
      }.classify { [asked] result in
        if case .failure(let error) = result { asked.append("\(error)") }
        return nil
      }
      // A hedge for slowness would be another attempt.
      let hedge = HedgePolicy(delay: .fixed(.seconds(3600)))
      let wrapped: AnyHandler<Int, Int> =
        switch layer {
        case .retry:
          call.retry(
            RetryPolicy(maxAttempts: 2, backoff: .none), budget: budget,
            onEvent: { [events] in events.append($0) }
          ).erased()
        case .hedge: call.hedge(hedge, budget: budget).erased()
        case .abandoningHedge:
          call.hedge(hedge, budget: budget, abandoning: abandoned).erased()
        case .timeout: call.timeout(.seconds(1)).erased()
        case .abandoningTimeout: call.timeout(.seconds(1), abandoning: abandoned).erased()
        case .deadline: call.deadline(.seconds(1)).erased()
        case .fallback:
          call.fallback { [fallbacks] number, _ in
            fallbacks.append(number)
            return -1
          }.erased()
        case .coalescing: call.coalesce(by: \.self).erased()
        }
      return wrapped.circuitBreaker(breaker).erased()
    }
  }

  // MARK: - Row 65

  private static let repeating: Set<Layer> = [.retry, .hedge, .abandoningHedge]

  /// The leaf throws a cancellation that nobody asked for: what repeats, repeats; what replaces, replaces;
  /// what counts, counts.
  @Test(arguments: Layer.allCases)
  func row65_aCancellationThatTheCallerDidNotCauseIsAFailure(layer: Layer) throws {
    let bench = Bench()
    try Simulation(seed: 1).run { _ in
      for budget in [bench.budget, bench.throttle] {
        let call = bench.stack(layer, budget: budget) { _ in throw CancellationError() }
        if layer == .fallback {
          try await #expect(call(1) == -1)
        } else {
          await #expect(throws: CancellationError.self) { try await call(1) }
        }
      }
    }
    let isRepeated = Self.repeating.contains(layer)
    #expect(bench.made.entries.count == (isRepeated ? 4 : 2))
    #expect(bench.budget.available == (isRepeated ? 9 : 10))
    #expect(bench.throttle.available == (isRepeated ? 7 : 9))
    #expect(Set(bench.asked.entries) == ["CancellationError()"])
    #expect(bench.breaker.snapshot().failures == (layer == .fallback ? 0 : 2))
    #expect(bench.breaker.snapshot().windowCalls == 2)
  }

  @Test(arguments: repeating)
  func row65_aSecondAttemptMayAnswer(layer: Layer) throws {
    let bench = Bench()
    try Simulation(seed: 1).run { _ in
      let call = bench.stack(layer, budget: nil) { attempt in
        if attempt == 1 { throw CancellationError() }
        return attempt
      }
      try await #expect(call(1) == 2)
    }
  }

  // MARK: - Row 66

  /// The caller cancels, and the client makes of it a plain cancellation or an error of its own, at once or
  /// after a while.
  @Test(arguments: Layer.allCases, [(false, 0), (true, 0), (false, 5), (true, 5)] as [(Bool, Int64)])
  func row66_whatComesAfterTheCallersCancellationIsNeutral(
    layer: Layer, client: (hasAnErrorOfItsOwn: Bool, takes: Int64)
  ) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bench = Bench()
      for (number, budget) in [bench.budget, bench.throttle].enumerated() {
        let call = bench.stack(layer, budget: budget) { _ in
          do {
            try await sim.sleep(for: .seconds(60))
          } catch {
            if client.takes > 0 { await uninterrupted(for: .milliseconds(client.takes)) }
            throw client.hasAnErrorOfItsOwn ? Mine() : error
          }
          return 0
        }
        let begin = sim.now
        try await cancelling(after: .milliseconds(10), sim) {
          if client.hasAnErrorOfItsOwn {
            await #expect(throws: Mine()) { try await call(number) }
          } else {
            await #expect(throws: CancellationError.self) { try await call(number) }
          }
          let took = begin.duration(to: sim.now)
          try sim.require(took == .milliseconds(10 + client.takes), "took \(took)")
        }
      }
      let snapshot = bench.breaker.snapshot()
      try sim.require(snapshot.windowCalls == 0, "\(snapshot)")
      try sim.require(bench.made.entries.count == 2, "made again")
      try sim.require(bench.asked.entries.isEmpty, "classify was asked about \(bench.asked.entries)")
      try sim.require(bench.fallbacks.entries.isEmpty, "a fallback for a caller that has left")
      try sim.require(bench.budget.available == 10 && bench.throttle.available == 9, "the budget lost")
      try sim.require(bench.abandoned.snapshot().total == 0, "left behind")
      let reasons = bench.events.entries.map { "\($0)".split(separator: "reason=").last.map(String.init) }
      try sim.require(reasons.allSatisfy { $0 == "cancelled" }, "\(bench.events.entries)")
      try sim.require(reasons.count == (layer == .retry ? 2 : 0), "\(bench.events.entries)")
    }
    #expect(exploration.isComplete)
  }
}
