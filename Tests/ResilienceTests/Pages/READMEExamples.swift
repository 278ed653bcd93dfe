// The code of README.md, compiled.

import Foundation
import Resilience
import ResilienceTestKit

func readmeQuickStart(_ order: Order) async throws -> Receipt {
  let breaker = CircuitBreaker("payment")

  let charge = ServiceCall("payment") { (order: Order) in try await payments.charge(order) }
    .timeout(.seconds(1))  // each attempt: cancelled after a second
    .circuitBreaker(breaker)  // a destination that is down is not called
    .retry()  // three attempts, backoff with jitter, within a budget
    .deadline(.seconds(3))  // and all of it within three seconds

  let receipt = try await charge(order)
  return receipt
}

func readmeStandardStack(
  _ decoder: JSONDecoder, _ document: Data, _ changed: Data
) async throws -> (stacks: StandardStacks, receipt: Receipt) {
  let stacks = StandardStacks(try decoder.decode([String: StandardStackPolicy].self, from: document))

  let refund = ServiceCall("refund") { (order: Order) in try await payments.refund(order) }
    .standardStack(stacks["payment"])  // deadline, limits by choice, retry, breaker, timeout

  // Counts and debts stay:
  stacks.update(try decoder.decode([String: StandardStackPolicy].self, from: changed))
  return (stacks, try await refund(Order()))
}

actor Account {
  let breaker = CircuitBreaker("bank")
  var balance = 0

  func refresh() async throws {
    try await breaker.run { balance = try await bank.balance() }  // on this actor, without a hop
  }
}

func readmeEvents(_ order: Order) async throws -> EventBusSnapshot {
  let orderPlaced = EventType<Order>("order_placed")
  let bus = EventBus(source: "shop")

  try bus.subscribe(
    to: orderPlaced, group: "billing", policy: DeliveryPolicy(maxDeliveries: 8),
    handler: EventHandler("bill") { (event: Event<Order>) in _ = try await payments.charge(event.data) }
      .deduplicate(Inbox()))  // a second delivery does nothing

  try await withThrowingTaskGroup { group in
    group.addTask { try await bus.run() }  // delivers until it is cancelled
    try await bus.publish(order, as: orderPlaced, subject: "customer 17850")  // in order for each subject
    try await bus.waitUntilIdle()
    group.cancelAll()
  }

  for letter in bus.deadLetters.letters { print(letter) }  // what was given up, and why
  return bus.snapshot()
}

func readmeClassify(_ breaker: CircuitBreaker) -> some Handler<Order, Response> {
  let parcel = ServiceCall("shipping") { (order: Order) in try await http.post(order) }
    .classify { result in
      switch result {
      case .success(let response) where response.status == 429:  // this client's limit: no breaker opens
        .failure(.retryAfter(response.retryAfter))
      case .success(let response) where response.status == 503:  // everybody's: breakers open, for so long
        .failure(.overloaded(retryAfter: response.retryAfter))
      case .success(let response) where response.status >= 500: .failure
      default: nil  // an error is a failure, the caller's own cancellation is not
      }
    }
    .circuitBreaker(breaker)
    .retry()
  return parcel
}

func readmeSimulation() throws -> Instant {
  let waited = try Simulation(seed: 7).run { simulation in
    let flaky = ServiceCall("flaky") { (_: Void) in throw Unavailable() }
      .retry(RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(60), jitter: .none)))
    try? await flaky()
    return simulation.now  // two minutes later, in no time
  }
  return waited
}

/// What the table of the README writes, on one call.
func readmeTable() async -> [String] {
  struct Busy: Error {}
  let call = ServiceCall("search") { (word: String) in [word] }
  let limit = LivePolicy(TimeLimit(.seconds(1)))
  let stacks: [AnyHandler<String, [String]>] = [
    call.retry { event in print(event) }.erased(),
    call.retry(deciding: { $0.error is Busy ? .after(.seconds(5)) : .asPlanned }).erased(),
    call.retry(budget: nil).erased(),
    call.hedge(after: .milliseconds(50)).erased(),
    call.fallback([]).erased(),
    call.fallback { word, result in [word, "\(result)"] }.erased(),
    call.rateLimit(KeyedRateLimiter<String>("api", limit: .perSecond(5)), by: { $0 }).erased(),
    call.rateLimit(QuotaLimiter("maps", quotas: [Quota(10_000, each: .day)])).erased(),
    call.bulkhead(20).erased(),
    call.timeout(live: limit).erased(),
  ]
  var answers: [String] = []
  for stack in stacks { answers += (try? await stack.result(of: "mug").get()) ?? [] }
  return answers
}
