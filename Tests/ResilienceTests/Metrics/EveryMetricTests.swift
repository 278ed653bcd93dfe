import Foundation
import Resilience
import ResilienceTestKit
import Testing

/// A page of all the metrics there are: scrapers refuse a whole page for one mistake.
@Suite struct EveryMetricTests {
  private struct Broken: Error {}

  private func sources() async throws -> [any MetricSource] {
    let (budget, abandoned) = (RetryBudget("all"), AbandonedWork("all"))
    let (breaker, breakers) = (CircuitBreaker("all"), CircuitBreakers<String>("all"))
    let (bulkhead, bulkheads) = (Bulkhead("all", limit: 2), Bulkheads<String>("all"))
    let bucket = TokenBucket("all", limit: .perSecond(10))
    let keyed = KeyedRateLimiter<String>("keyed", limit: .perSecond(10))
    let quota = QuotaLimiter("quota", quotas: [Quota(5, per: .seconds(1))])
    let keyedQuota = KeyedQuotaLimiter<String>("keyed quota", quotas: [Quota(5, per: .seconds(1))])
    let (throttle, throttles) = (AdaptiveThrottle("all"), AdaptiveThrottles<String>("all"))
    let meter = CallMeter("all")
    let registry = ServiceRegistry()
    let retried = ServiceCall("all") { (number: Int) in
      if number.isMultiple(of: 2) { throw Broken() }
      return number
    }
    .circuitBreaker(breaker).rateLimit(bucket).bulkhead(bulkhead).throttle(throttle)
    .retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: budget)
    let hedged = ServiceCall("all") { (number: Int) in number }.hedge(HedgePolicy(delay: .fixed(.seconds(1))))
    let shared = ServiceCall("all") { (number: Int) in number }.coalesce { $0 }
    let metered = retried.metered(by: meter)
    for number in 0..<4 {
      _ = try? await metered(number)
      _ = try await hedged(number)
      _ = try await shared(number)
    }
    let bus = EventBus(source: "all")
    let type = EventType<Int>("number")
    try bus.subscribe(to: type, group: "g", handler: EventHandler("g") { (_: Event<Int>) in })
    try await bus.publish(1, as: type)
    let broker = MemoryBroker(name: "memory")
    let mirrored = MirroredBroker(broker, MemoryBroker(), name: "mirrored")
    _ = try await mirrored.join(BrokerGroup("g"))
    let journal = try await Journal.open(SimulatedDisk(seed: 1), name: "all")
    let tracer = CallTracer("all")
    let reporter = SpanReporter(to: NowhereExporter())
    let injector = FaultInjector("all", [Fault<Int>.error(Broken())])
    let service = SimulatedService("all", latency: .constant(.milliseconds(1))) { (number: Int) in number }
    let network = SimulatedNetwork()
    try await registry.withLease(ServiceInstance(id: "1", service: "all", address: "a:1")) {}
    return [
      budget.snapshot(), abandoned.snapshot(), breaker.snapshot(), breakers.snapshot(), bulkhead.snapshot(),
      bulkheads.snapshot(), bucket.snapshot(), keyed.snapshot(), quota.snapshot(), keyedQuota.snapshot(),
      throttle.snapshot(), throttles.snapshot(), meter.snapshot(), registry.snapshot(), retried.snapshot(),
      hedged.snapshot(), shared.snapshot(), bus.snapshot(), broker.snapshot(), mirrored.snapshot(),
      journal.snapshot(), Inbox().snapshot(), tracer.snapshot(), reporter.snapshot(), injector.snapshot(),
      service.snapshot(), network.snapshot(),
    ]
  }

  @Test func onePageHasThemAll() throws {
    let sources = try Simulation(seed: 1).run { _ in try await self.sources() }
    let page = MetricsPage(sources)
    #expect(page.omissions == [])
    for line in page.text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
      let name = line.dropFirst(7).prefix { $0 != " " }
      #expect(page.text.contains("# HELP \(name) "), "\(name) has no help")
    }
    // For the judgement of others, see .ci/metrics.
    if let file = ProcessInfo.processInfo.environment["METRICS_PAGE"] {
      try page.text.write(toFile: file, atomically: true, encoding: .utf8)
      let open = MetricsPage(sources, format: .openMetrics).text
      try open.write(toFile: file + ".openmetrics", atomically: true, encoding: .utf8)
    }
  }
}

private struct NowhereExporter: SpanExporter {
  func export(_ batch: SpanBatch) async throws {}
}
