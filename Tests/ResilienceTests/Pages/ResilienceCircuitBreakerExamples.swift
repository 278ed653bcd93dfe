// The code of ResilienceCircuitBreaker.md, compiled.

import Resilience

func circuitBreakerPage() async throws {
  let breaker = CircuitBreaker("payment")

  let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
    .circuitBreaker(breaker)
    .retry()
  _ = try await charge(Order())
}
