import Resilience
import Synchronization

/// How often the breakers of a service's instances have opened, together: a breaker that is closed again
/// within a second is seen here alone.
final class BreakerOpenings: Sendable {
  private let service: String
  private let count = Mutex(0)

  init(_ service: String) { self.service = service }

  func record(_ event: CircuitBreakerEvent) {
    if case .opened = event.kind { count.withLock { $0 += 1 } }
  }

  func snapshot() -> some MetricSource { Snapshot(service: service, count: count.withLock { $0 }) }

  private struct Snapshot: MetricSource {
    var service: String
    var count: Int

    var metrics: [Metric] {
      [
        Metric(
          "circuit_breakers_openings_total", .counter, Double(count),
          labels: [Metric.Label("breakers", service)], help: "How often breakers of this table have opened.")
      ]
    }
  }
}
