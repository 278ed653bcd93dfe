// The code of ResilienceMetrics.md, compiled.

import Resilience

func metricsPage(_ breaker: CircuitBreaker) async throws -> MetricsPage {
  let meter = CallMeter("payment.charge")
  let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
    .circuitBreaker(breaker)
    .metered(by: meter)

  let page = MetricsPage([meter.snapshot(), breaker.snapshot()])
  _ = try await charge(Order())
  return page
}
