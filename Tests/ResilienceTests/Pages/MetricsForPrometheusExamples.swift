// The code of MetricsForPrometheus.md, compiled.

import Resilience

func prometheusPage(_ breaker: CircuitBreaker) -> MetricsPage {
  let payment = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }

  let meter = CallMeter("payment.charge")
  let charge = payment.circuitBreaker(breaker).retry().metered(by: meter)

  func metrics(accept: String?) -> MetricsPage {
    MetricsPage(
      [meter.snapshot(), breaker.snapshot(), charge.base.snapshot()], format: MetricsFormat(accepting: accept)
    )
  }
  return metrics(accept: nil)
}
