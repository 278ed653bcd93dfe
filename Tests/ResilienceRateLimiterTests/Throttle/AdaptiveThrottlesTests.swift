import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct AdaptiveThrottlesTests {
  private struct Down: Error {}

  private let policy = AdaptiveThrottlePolicy(probes: 0)

  private func refuse(_ throttle: AdaptiveThrottle, _ calls: Int, at now: Instant) {
    for _ in 0..<calls {
      if case .admitted(let permit) = throttle.admit(at: now, draw: .max) {
        throttle.record(.failure, of: permit)
      }
    }
  }

  @Test func oneKeysRefusalsHoldBackItsOwnCallsAlone() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 3).run { _ in
      let throttles = AdaptiveThrottles<String>("partner", policy: policy, onEvent: { recorder.record($0) })
      let call = ServiceCall { (host: String) in if host == "down" { throw Down() } }
        .throttle(throttles, by: { $0 })
      #expect(call.layers[0].description == "throttle partner, by key")
      var held = 0
      for _ in 0..<200 {
        try await call("up")
        do { try await call("down") } catch is Throttled { held += 1 } catch is Down {}
      }
      #expect(held > 100)
      #expect(throttles.snapshot().rejected == held)
      #expect(throttles.snapshot().holdingBack == 1)
      #expect(throttles["up"].snapshot().rejectionProbability == 0)
      await #expect(throws: Never.self) { try await throttles.run(key: "up") {} }
      #expect(throttles["up"].snapshot().accepts == 201)
      #expect(recorder.events.count == held)
    }
    #expect(recorder.events.first?.attributes.first == EventAttribute("throttle", .string("partner/down")))
  }

  @Test func whatIsKeptIsBounded() {
    let throttles = AdaptiveThrottles<Int>("partner", policy: policy, maxThrottles: 2)
    for key in 0..<2 { refuse(throttles.throttle(for: key, at: .s(0)), 100, at: .s(0)) }
    let rejected = throttles.snapshot(at: .s(0)).rejected
    // Further keys go unguarded, however they fare.
    for key in 2..<200 { refuse(throttles.throttle(for: key, at: .s(0)), 100, at: .s(0)) }
    let snapshot = throttles.snapshot(at: .s(0))
    #expect((snapshot.throttles, snapshot.holdingBack, snapshot.unguarded) == (2, 2, 198))
    #expect(snapshot.rejected == rejected)
    // Those that have seen nothing for the window make room; what they counted is not lost.
    let later = Instant.s(1000)
    #expect(throttles.throttle(for: 7, at: later).name == "partner/7")
    #expect(throttles.snapshot(at: later).throttles == 1)
    #expect(throttles.snapshot(at: later).rejected == rejected)
  }

  @Test func aThrottleThatCountsIsNotForgotten() {
    let throttles = AdaptiveThrottles<Int>("partner", policy: policy)
    refuse(throttles.throttle(for: -1, at: .s(0)), 100, at: .s(0))
    for key in 0..<5_000 { _ = throttles.throttle(for: key, at: .s(1)) }
    #expect(throttles.throttle(for: -1, at: .s(1)).snapshot(at: .s(1)).attempts == 100)
    #expect(throttles.snapshot(at: .s(1)).throttles <= 513)
  }
}
