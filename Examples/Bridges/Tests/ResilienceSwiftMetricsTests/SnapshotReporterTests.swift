import CoreMetrics
import MetricsTestKit
import Resilience
import ResilienceSwiftMetrics
import ResilienceTestKit
import Synchronization
import Testing

@Suite struct SnapshotReporterTests {
  private struct Measured: MetricSource {
    var metrics: [Metric]
  }

  private final class Source: Sendable {
    let metrics = Mutex<[Metric]>([])
    func set(_ metrics: Metric...) { self.metrics.withLock { $0 = metrics } }
  }

  private let factory = TestMetrics()
  private let source = Source()
  private var reporter: SnapshotReporter {
    let source = source
    return SnapshotReporter(factory: factory) { [Measured(metrics: source.metrics.withLock { $0 })] }
  }

  /// The names and labels are those of the toolkit's page of names.
  @Test func aBreakersSnapshotHasItsNamesAndLabels() throws {
    let breaker = CircuitBreaker("payment")
    breaker.set(.forcedOpen)
    let reporter = SnapshotReporter(factory: factory) { [breaker.snapshot()] }
    #expect(reporter.report() == [])
    let labels = [("breaker", "payment")]
    #expect(try factory.expectMeter("circuit_breaker_state", labels).lastValue == 4)
    #expect(factory.counters(label: "circuit_breaker_openings_total").count == 1)
  }

  @Test func aCounterGrowsByTheDifference() throws {
    let reporter = reporter
    let label = Metric.Label("bus", "shop")
    for value in [3.0, 3, 10] {
      source.set(Metric("event_bus_published_total", .counter, value, labels: [label]))
      reporter.report()
    }
    let counter = try factory.expectCounter("event_bus_published_total", [("bus", "shop")])
    #expect(counter.values == [3, 7])
    // Another object of the same name counts from 0.
    source.set(Metric("event_bus_published_total", .counter, 4, labels: [label]))
    reporter.report()
    #expect(counter.values == [3, 7, 4])
  }

  @Test func secondsAreCountedWithTheirFractions() throws {
    let reporter = reporter
    source.set(Metric("circuit_breaker_open_seconds_total", .counter, 0.25))
    reporter.report()
    source.set(Metric("circuit_breaker_open_seconds_total", .counter, 2.5))
    reporter.report()
    // The test kit's floating-point counter hands on what is whole.
    #expect(try factory.expectCounter("circuit_breaker_open_seconds_total").totalValue == 2)
  }

  /// A gauge of an object that is gone must not stay at what it was.
  @Test func aSeriesThatIsGoneIsDestroyed() throws {
    let reporter = reporter
    source.set(Metric("bulkhead_in_use", .gauge, 7, labels: [Metric.Label("bulkhead", "a")]))
    reporter.report()
    #expect(factory.meters(label: "bulkhead_in_use").map(\.lastValue) == [7])
    source.set()
    reporter.report()
    #expect(factory.meters(label: "bulkhead_in_use").isEmpty)
  }

  @Test func aHistogramIsTwoCounters() throws {
    let meter = CallMeter("charge")
    let reporter = SnapshotReporter(factory: factory) { [meter.snapshot()] }
    try Simulation(seed: 1).run { simulation in
      let charge = ServiceCall("charge") { (_: Void) in try await simulation.sleep(for: .seconds(3)) }
        .metered(by: meter)
      try await charge()
    }
    reporter.report()
    let labels = [("call", "charge"), ("outcome", "success")]
    #expect(try factory.expectCounter("call_duration_seconds_count", labels).totalValue == 1)
    #expect(try factory.expectCounter("call_duration_seconds_sum", labels).totalValue == 3)
    #expect(try factory.expectMeter("call_in_flight", [("call", "charge")]).lastValue == 0)
  }

  @Test func whatComesTwiceIsSaid() {
    source.set(
      Metric("bulkhead_in_use", .gauge, 7), Metric("bulkhead_in_use", .gauge, 8),
      Metric("bulkhead_in_use", .gauge, 7))
    #expect(reporter.report().count == 1)
  }

  /// It reports at once, each interval, and a last time at the end.
  @Test func itRunsUntilItIsCancelled() throws {
    let count = Mutex(0)
    try Simulation(seed: 1).run { simulation in
      let reporter = SnapshotReporter(every: .seconds(10), factory: factory) {
        count.withLock { $0 += 1 }
        return []
      }
      await withThrowingTaskGroup { group in
        group.addTask { try await reporter.run() }
        try? await simulation.sleep(for: .seconds(25))
        group.cancelAll()
      }
    }
    #expect(count.withLock { $0 } == 4)
  }
}
