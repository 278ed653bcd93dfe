// The code of Resilience.md, compiled.

import Resilience

func resiliencePage() async throws {
  let payment = StandardStack("payment")

  let charge = ServiceCall("charge") { (order: Order) in try await payments.charge(order) }
    .standardStack(payment)
  let refund = ServiceCall("refund") { (order: Order) in try await payments.refund(order) }
    .standardStack(payment)  // the same breaker, the same budget
  _ = try await charge(Order())
  _ = try await refund(Order())
}
