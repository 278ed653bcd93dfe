import CoreMetrics
import MetricsTestKit
import Resilience
import ResilienceSwiftMetrics
import ResilienceTestKit
import Testing

@Suite struct CallTimerTests {
  private struct Down: Error {}

  @Test func durationsAreRecordedByOutcome() throws {
    let factory = TestMetrics()
    let timer = CallTimer("charge", factory: factory)
    try Simulation(seed: 1).run { simulation in
      let charge = ServiceCall("charge") { (fails: Bool) in
        try await simulation.sleep(for: .milliseconds(fails ? 20 : 30))
        if fails { throw Down() }
      }.timed(by: timer)
      try await charge(false)
      try? await charge(true)
    }
    func values(_ outcome: String) throws -> [Int64] {
      try factory.expectTimer("call_duration_seconds", [("call", "charge"), ("outcome", outcome)]).values
    }
    #expect(try values("success") == [30_000_000])
    #expect(try values("failure") == [20_000_000])
    #expect(try values("neutral") == [])
  }

  @Test func theLayerSaysWhatItIs() {
    let charge = ServiceCall("charge") { (_: Void) in }.timed(by: CallTimer("charge", factory: TestMetrics()))
    #expect("\(charge)" == "charge: timed")
  }

  @Test func eventsAreCountedByName() throws {
    let factory = TestMetrics()
    let counter = EventCounter(factory: factory)
    try Simulation(seed: 1).run { _ in
      let flaky = ServiceCall("flaky") { (_: Void) in throw Down() }.retry(RetryPolicy(maxAttempts: 3))
      await counter.observing { try? await flaky() }
    }
    #expect(
      factory.counterTotal(label: "resilience_events_total", dimensions: [("event", "retry.scheduled")]) == 2)
    #expect(
      factory.counterTotal(label: "resilience_events_total", dimensions: [("event", "retry.gave_up")]) == 1)
  }
}
