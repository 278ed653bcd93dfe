import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct RateLimitHandlerTests {
  @Test func rejectsWithoutCalling() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let calls = Log<Instant>()
      let call = ServiceCall("mail") { (_: Int) in calls.append(sim.now) }
        .rateLimit(TokenBucket("mail", limit: .perSecond(10, burst: 1)))
      try await call(1)
      _ = await CallContext.withObserver(recorder) {
        await #expect(throws: RateLimited(limiter: "mail", reason: .noPermit, retryAt: .s(0.1), at: .s(0))) {
          try await call(2)
        }
      }
      try await sim.sleep(for: .milliseconds(100))
      try await call(3)
      #expect(calls.entries == [.s(0), .s(0.1)])
    }
    #expect(recorder.events.map(\.name) == ["rate_limiter.refused"])
  }

  @Test func waitsItsTurnAndTheLayersInsideSeeTheTimeAfterwards() throws {
    struct Seen: Handler {
      func handle(_ input: Int, context: CallContext) async throws -> Instant {
        var context = context
        return context.now
      }
    }
    let seen = try Simulation(seed: 1).run { sim in
      let call = Seen().rateLimit(TokenBucket("mail", limit: .perSecond(10, burst: 1)), mode: .wait)
      return [try await call(1), try await call(2), try await call(3)]
    }
    #expect(seen == [.s(0), .s(0.1), .s(0.2)])
  }

  @Test func aWaitPastTheCallsDeadlineFailsAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 1))
      let call = ServiceCall { (_: Int) in }.rateLimit(bucket, mode: .wait)
      try await call(1)
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: .s(0.05)))
      await #expect(throws: RateLimited(limiter: "mail", reason: .deadline, retryAt: .s(0.1), at: .s(0))) {
        try await call.handle(2, context: context)
      }
      #expect(sim.now == .s(0))
    }
  }

  @Test func anInputCostsWhatTheClosureSays() throws {
    try Simulation(seed: 1).run { (sim: Simulation) async throws in
      let bucket = TokenBucket("bytes", limit: .perSecond(10, burst: 5))
      let call = ServiceCall { (bytes: Int) in bytes }
      let rejecting = call.rateLimit(bucket, cost: { $0 })
      let waiting = call.rateLimit(bucket, mode: .wait, cost: { $0 })
      #expect(try await rejecting(4) == 4)
      await #expect(throws: RateLimited(limiter: "bytes", reason: .noPermit, retryAt: .s(0.1), at: .s(0))) {
        try await rejecting(2)
      }
      #expect(try await rejecting(0) == 0)
      await #expect(throws: ImpossiblePermits(limiter: "bytes", permits: -7, burst: 5)) {
        try await rejecting(-7)
      }
      #expect(try await waiting(3) == 3)
      #expect(sim.now == .s(0.2))
      await #expect(throws: ImpossiblePermits(limiter: "bytes", permits: 6, burst: 5)) {
        try await waiting(6)
      }
    }
  }

  @Test func runWorksInsideAnActorOnItsOwnStateWithAResultThatIsNotSendable() async throws {
    final class Receipt { var lines = 0 }
    actor Till {
      let bucket = TokenBucket("till", limit: .perHour(1, burst: 1))
      var sales = 0
      func sell() async throws -> Int {
        let receipt = try await bucket.run {
          sales += 1
          self.assertIsolated()
          let receipt = Receipt()
          receipt.lines = sales
          return receipt
        }
        return receipt.lines
      }
    }
    let till = Till()
    #expect(try await till.sell() == 1)
    await #expect(throws: RateLimited.self) { try await till.sell() }
  }

  @Test func runWaitsWhenAsked() throws {
    let instant = try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 2))
      try await bucket.run(permits: 2) {}
      return try await bucket.run(permits: 2, mode: .wait) { sim.now }
    }
    #expect(instant == .s(0.2))
  }
}
