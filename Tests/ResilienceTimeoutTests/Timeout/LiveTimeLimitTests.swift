import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import ResilienceTimeout
import Testing

/// A limit that is changed while calls run.
@Suite struct LiveTimeLimitTests {
  private func work(_ sim: Simulation) -> ServiceCall<Double, Void> {
    ServiceCall("report") { (seconds: Double) in try await sim.sleep(for: .seconds(seconds)) }
  }

  @Test func aCallKeepsTheLimitThatHeldWhenItBegan() throws {
    try Simulation(seed: 1).run { sim in
      let limit = LivePolicy(TimeLimit(.seconds(10)))
      let call = work(sim).timeout(live: limit)
      let begin = sim.now
      await withTaskGroup { group in
        group.addTask { await #expect(throws: TimedOut.self) { try await call(60) } }
        try? await sim.sleep(for: .seconds(1))
        limit.update(TimeLimit(.seconds(2)))
        await group.waitForAll()
      }
      #expect(sim.now == begin.advanced(by: .seconds(10)))
      await #expect(throws: TimedOut.self) { try await call(60) }
      #expect(sim.now == begin.advanced(by: .seconds(12)))
      try await call(1.5)
      #expect(call.layers.first?.description == "timeout 2 s")
    }
  }

  @Test func aDeadlineIsThatWhichHoldsWhenTheCallBegins() throws {
    try Simulation(seed: 1).run { sim in
      let limit = LivePolicy(TimeLimit(.seconds(10)))
      let call = ServiceCall("report") { (_: Int, context: CallContext) in
        context.deadline.instant.nanoseconds - sim.now.nanoseconds
      }
      .deadline(live: limit)
      let before = try await call(1)
      limit.update(TimeLimit(.seconds(3)))
      let after = try await call(1)
      #expect((before, after) == (10_000_000_000, 3_000_000_000))
      #expect(call.layers.first?.description == "deadline 3 s")
    }
  }

  @Test func oneThatAbandonsGoesByItToo() throws {
    try Simulation(seed: 1).run { sim in
      let (limit, abandoned) = (LivePolicy(TimeLimit(.seconds(10))), AbandonedWork("report"))
      let call = work(sim).timeout(live: limit, abandoning: abandoned)
      limit.update(TimeLimit(.seconds(1)))
      let begin = sim.now
      await #expect(throws: TimedOut.self) { try await call(60) }
      #expect(begin.duration(to: sim.now) < .seconds(1.1))
      #expect(call.layers.first?.description == "timeout 1 s, abandoning")
    }
  }
}
