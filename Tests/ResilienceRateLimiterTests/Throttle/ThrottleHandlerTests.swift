import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import Testing

@Suite struct ThrottleHandlerTests {
  private struct Down: Error {}

  @Test func countsWhatTheHandlerSaysAndHoldsBack() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 3).run { _ in
      let throttle = AdaptiveThrottle(
        "payment", policy: AdaptiveThrottlePolicy(probes: 0), onEvent: { recorder.record($0) })
      let call = ServiceCall { (isUp: Bool) in if !isUp { throw Down() } }.throttle(throttle)
      for _ in 0..<50 { try await call(true) }
      #expect(throttle.snapshot().accepts == 50)
      var held = 0
      for _ in 0..<400 {
        do { try await call(false) } catch is Throttled { held += 1 } catch is Down {}
      }
      #expect(held > 100 && held < 300)
      #expect(throttle.snapshot().attempts == 450)
      #expect(throttle.snapshot().rejected == held)
      #expect(recorder.events.count == held)
    }
    #expect(recorder.events.first?.name == "throttle.rejected")
  }

  @Test func aCancelledCallAndARejectionInsideAreNotCounted() throws {
    try Simulation(seed: 1).run { sim in
      let throttle = AdaptiveThrottle("payment")
      let call = ServiceCall { (_: Int) in try await sim.sleep(for: .seconds(1)) }.throttle(throttle)
      let task = Task.immediate(executorPreference: CallContext.current.executor) { try await call(1) }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      let limited = ServiceCall { (_: Int) in }
        .rateLimit(TokenBucket("empty", limit: .perSecond(0))).throttle(throttle)
      await #expect(throws: RateLimited.self) { try await limited(1) }
      #expect(throttle.snapshot().attempts == 0)
    }
  }

  @Test func runWorksInsideAnActorOnItsOwnStateWithAResultThatIsNotSendable() async throws {
    final class Receipt { var lines = 0 }
    actor Till {
      let throttle = AdaptiveThrottle("till")
      var sales = 0
      func sell() async throws -> Int {
        let receipt = try await throttle.run {
          sales += 1
          self.assertIsolated()
          let receipt = Receipt()
          receipt.lines = sales
          return receipt
        }
        return receipt.lines
      }
      func fail() async throws { try await throttle.run { throw Down() } }
    }
    let till = Till()
    #expect(try await till.sell() == 1)
    await #expect(throws: Down.self) { try await till.fail() }
    #expect(till.throttle.snapshot().attempts == 2)
    #expect(till.throttle.snapshot().accepts == 1)
  }

  @Test func theRejectionTellsWhatToDo() {
    let error = Throttled(throttle: "payment", rejectionProbability: 0.8166)
    #expect(error.retryAt == nil)
    #expect(
      "\(error)"
        == "throttle \"payment\" holds back 81.7 % of its calls, because their destination refuses too many; do not "
        + "try again at once")
  }
}
