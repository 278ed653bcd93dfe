import ResilienceCore
import ResilienceMetrics
import ResilienceTestKit
import Testing

@Suite struct CallMeterTests {
  private struct Broken: Error {}

  @Test func callsAreCountedByWhatTheyAmountedTo() throws {
    try Simulation(seed: 1).run { sim in
      let meter = CallMeter("work", bounds: [.milliseconds(10), .seconds(1)])
      let call = ServiceCall("work") { (number: Int) in
        try await sim.sleep(for: .milliseconds(number))
        if number == 500 { throw Broken() }
        return number
      }.metered(by: meter)
      for number in [10, 11, 500, 2000] { _ = try? await call(number) }
      let cancelled = Task.immediate(executorPreference: CallContext.current.executor) {
        try await call(100)
      }
      #expect(meter.snapshot().inFlight == 1)
      cancelled.cancel()
      _ = await cancelled.result
      let snapshot = meter.snapshot()
      #expect(snapshot.inFlight == 0)
      #expect(snapshot.succeeded.count == 3 && snapshot.succeeded.buckets == [1, 2])
      #expect(snapshot.succeeded.duration == .milliseconds(2021))
      #expect(snapshot.failed.count == 1 && snapshot.failed.buckets == [0, 1])
      #expect(snapshot.neutral.count == 1)
      let page = MetricsPage([snapshot]).text
      #expect(
        page.contains("call_duration_seconds_bucket{call=\"work\",outcome=\"success\",le=\"0.01\"} 1\n"))
      #expect(page.contains("call_duration_seconds_sum{call=\"work\",outcome=\"success\"} 2.021\n"))
      #expect(page.contains("call_in_flight{call=\"work\"} 0\n"))
    }
  }

  /// Around a retry it sees calls, inside it attempts; a value that is a failure counts as one.
  @Test func itSaysWhatItsPlaceSees() throws {
    try Simulation(seed: 1).run { _ in
      let meter = CallMeter("work")
      let call = ServiceCall("work") { (number: Int) in number }
        .classify { result in (try? result.get()).map { $0 < 0 ? .failure : .success } }
        .metered(by: meter)
      _ = try await call(-1)
      _ = try await call(1)
      #expect(meter.snapshot().failed.count == 1)
      #expect(meter.snapshot().succeeded.count == 1)
    }
  }

  @Test func aQuantileIsInterpolatedInItsBucket() throws {
    try Simulation(seed: 1).run { sim in
      let meter = CallMeter("work", bounds: [.seconds(1), .seconds(2), .seconds(4)])
      let call = ServiceCall("work") { (seconds: Int) in try await sim.sleep(for: .seconds(seconds)) }
        .metered(by: meter)
      #expect(meter.snapshot().quantile(0.5) == nil)
      for seconds in [1, 1, 2, 2, 3, 3, 3, 3] { try await call(seconds) }
      let snapshot = meter.snapshot()
      #expect(snapshot.quantile(0.25) == .seconds(1))
      #expect(snapshot.quantile(0.375) == .seconds(1.5))
      #expect(snapshot.quantile(0.75) == .seconds(3))
      #expect(snapshot.quantile(7) == .seconds(4))
      #expect(snapshot.quantile(.nan) == nil)
      try await call(100)
      #expect(meter.snapshot().quantile(1) == .seconds(4))
    }
  }

  @Test func itsLayerIsNamed() {
    let call = ServiceCall("work") { (number: Int) in number }.metered(by: CallMeter("all"))
    #expect(call.layers.map(\.kind) == ["metered"])
  }
}
