// The code of README.md, compiled.

import Resilience
import ResilienceTestKit
import Testing

func payment(by provider: some Handler<Order, Receipt>) -> AnyHandler<Order, Receipt> {
  provider
    .timeout(.seconds(1))  // each attempt: cancelled after a second
    .circuitBreaker(CircuitBreaker("payment"))  // a destination that is down is not called
    .retry()  // three attempts, backoff with jitter, within a budget
    .deadline(.seconds(3))  // and all of it within three seconds
    .erased()
}

func readmeQuickStart(_ order: Order) async throws -> (charge: AnyHandler<Order, Receipt>, receipt: Receipt) {
  let charge = payment(by: ServiceCall("payment") { order in try await payments.charge(order) })

  let receipt = try await charge(order)
  return (charge, receipt)
}

@Suite struct ReadmeOutageTests {
  @Test func anOutageEndsForTheCustomersToo() throws {
    let answers = try Simulation(seed: 7).run { simulation in
      let provider = ScriptedHandler<Order, Receipt>(
        "payment", during: [(.zero ..< .seconds(20), .fail(Unavailable()))], otherwise: .succeed(Receipt()))
      let charge = payment(by: provider)
      var answers: [Bool] = []
      for _ in 1...60 {  // an order a second: a minute, in some milliseconds
        answers.append((try? await charge(Order())) != nil)
        try await Task.sleep(for: .seconds(1))
      }
      return answers
    }
    #expect(answers.suffix(35).allSatisfy { $0 })
  }
}
