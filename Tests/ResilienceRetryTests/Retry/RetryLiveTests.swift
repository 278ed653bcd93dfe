import Foundation
import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// A policy that is changed while calls run.
@Suite struct RetryLiveTests {
  private static func policy(_ attempts: Int, wait: Duration = .seconds(1)) -> RetryPolicy {
    RetryPolicy(maxAttempts: attempts, backoff: .constant(wait, jitter: .none))
  }

  @Test func aCallUnderWayGoesByTheNewPolicyFromItsNextDecisionOn() throws {
    try Simulation(seed: 1).run { sim in
      let live = LivePolicy(Self.policy(9, wait: .seconds(10)))
      let (begin, starts) = (sim.now, Log<Instant>())
      let call = ServiceCall { (_: Int) in
        starts.append(sim.now)
        throw Failure()
      }
      .retry(live: live, budget: nil)
      await withTaskGroup { group in
        group.addTask { try? await call(1) }
        try? await sim.sleep(for: .seconds(5))
        // The wait that has begun stays; the two after it are shorter.
        live.update(Self.policy(4))
        await group.waitForAll()
      }
      #expect(starts.entries.map { begin.duration(to: $0) / .seconds(1) } == [0, 10, 11, 12])
    }
  }

  /// 10 000 calls, each failing once, while the policy changes between two and four attempts.
  @Test(arguments: 0..<3 as Range<UInt64>)
  func countsAndTokensStayWhileItChanges(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let live = LivePolicy(Self.policy(2))
      let budget = RetryBudget(ratio: 1, reserve: 10, refillInterval: nil)
      let call = ServiceCall { (_: Int, context: CallContext) in
        if context.attempt == 1 { throw Failure() }
      }
      .retry(live: live, budget: budget)
      try await withThrowingTaskGroup { group in
        for number in 0..<10_000 {
          group.addTask {
            try await sim.sleep(for: .milliseconds(Int64(number % 1000)))
            try await call(number)
          }
        }
        group.addTask {
          for change in 0..<100 {
            live.update(Self.policy(change % 2 == 0 ? 4 : 2))
            try await sim.sleep(for: .milliseconds(20))
          }
        }
        try await group.waitForAll()
      }
      let snapshot = call.snapshot()
      #expect(snapshot.retries == 10_000)
      #expect(snapshot.gaveUp.isEmpty)
      #expect(snapshot.budget.granted == 10_000)
    }
  }

  @Test func aWrongDocumentChangesNothing() {
    let live = LivePolicy(Self.policy(2))
    #expect(throws: InvalidSetting.self) {
      live.update(try JSONDecoder().decode(RetryPolicy.self, from: Data(#"{"maxAttempts":-1}"#.utf8)))
    }
    #expect(live.current == Self.policy(2))
  }

  @Test func theLayerSaysWhatHoldsAtPresent() {
    let live = LivePolicy(Self.policy(2))
    let call = ServiceCall("stock") { (_: Int) in 1 }.retry(live: live)
    live.update(Self.policy(7))
    #expect(call.layers.map(\.description).first?.hasPrefix("retry 7") == true)
  }

  // MARK: - Hedges

  @Test func aHedgeGoesByWhatHoldsWhenItsCallBegins() throws {
    try Simulation(seed: 1).run { sim in
      let live = LivePolicy(HedgePolicy(delay: .fixed(.seconds(1))))
      let starts = Log<Instant>()
      let call = ServiceCall { (_: Int) in
        starts.append(sim.now)
        try await sim.sleep(for: .seconds(3))
      }
      .hedge(live: live, budget: nil)
      let begin = sim.now
      try await withThrowingTaskGroup { group in
        group.addTask { try await call(1) }
        try await sim.sleep(for: .milliseconds(500))
        live.update(HedgePolicy(delay: .fixed(.seconds(60))))
        try await group.waitForAll()
      }
      #expect(starts.entries == [begin, begin.advanced(by: .seconds(1))])
      try await call(2)
      #expect(starts.entries.count == 3)
      #expect(call.snapshot().calls == 2)
      #expect(call.snapshot().started == 1)
    }
  }

  /// A hundred calls of 40 ms are learned from, though the delay is a fixed one then.
  @Test func whatAHedgeHasLearnedStays() throws {
    try Simulation(seed: 1).run { sim in
      let live = LivePolicy(HedgePolicy(delay: .fixed(.seconds(60))))
      let call = ServiceCall { (_: Int) in try await sim.sleep(for: .milliseconds(40)) }
        .hedge(live: live, budget: nil)
      for number in 0..<100 { try await call(number) }
      #expect(call.snapshot().delay == .seconds(60))
      live.update(HedgePolicy(delay: .learned()))
      let learned = try #require(call.snapshot().delay)
      #expect(learned >= .milliseconds(40) && learned < .milliseconds(44))
      live.update(HedgePolicy(delay: .learned(atLeast: .seconds(1))))
      #expect(call.snapshot().delay == .seconds(1))
      live.update(HedgePolicy(delay: .learned(minimumSamples: 1000)))
      #expect(call.snapshot().delay == nil)
    }
  }
}
