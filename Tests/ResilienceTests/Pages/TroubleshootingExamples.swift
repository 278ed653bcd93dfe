// The code of Troubleshooting.md, compiled.

import Resilience
import Synchronization
import Testing

func troubleshootingPage() -> some Handler<Order, Response> {
  let parcel = ServiceCall("shipping") { (order: Order) in try await http.post(order) }
    .classify { result in
      if case .success(let response) = result, response.status >= 500 { return .failure }
      return nil
    }
  return parcel
}

func closeByHand(_ breaker: CircuitBreaker) {
  breaker.set(.forcedOpen)  // no call is sent, until you say otherwise
  breaker.set(.open(for: .seconds(900)))  // no call is sent for a quarter of an hour; then probes decide
  breaker.set(.halfOpen)  // you think that it is back: probes decide now
  breaker.set(.disabled)  // every call is sent, whatever the results are
  breaker.set(nil)  // closed, with an empty window: it decides by itself again
}

func changeByHand(
  _ bucket: TokenBucket, _ quotas: QuotaLimiter, _ customers: KeyedRateLimiter<String>, _ bulkhead: Bulkhead,
  _ retries: LivePolicy<RetryPolicy>, _ stack: StandardStack, _ registry: ServiceRegistry
) throws {
  bucket.update(.perSecond(200))
  quotas.update([.perMinute(400)])
  try customers.setLimit(.perSecond(50), forKey: "alice")
  bulkhead.update(40)
  retries.update(RetryPolicy(maxAttempts: 1))  // a LivePolicy, of .retry(live: retries): no more retries
  stack.update(StandardStackPolicy(timeout: .milliseconds(500)))

  registry.set(.outOfService, of: "inventory-1", service: "inventory")
  registry.set(.inService, of: "inventory-1", service: "inventory")
}

func redriveByHand(_ bus: EventBus, _ broker: JournalBroker) async throws -> Int {
  let redriven = try bus.redriveAll { $0.group == "billing" && $0.reason != .poison }

  for letter in try await broker.deadLetters(of: "billing/order_placed") {
    try await broker.redrive(letter.id)
  }
  return redriven
}

func endByHand(_ readiness: ReadinessEndpoint, _ bus: EventBus, _ broker: JournalBroker) async throws {
  readiness.drain()  // the orchestrator sends no more
  let left = await bus.shutDown(grace: .seconds(20))  // handlers have 20 s; then bus.run() returns
  print(left.outstanding, "events are left for the next start")
  try await broker.close()
}

@Suite struct ByHandTests {
  @Test func whatIsSaidByHandHolds() async throws {
    let breaker = CircuitBreaker("payment")
    let call = ServiceCall("payment") { (number: Int) in number }.circuitBreaker(breaker)
    breaker.set(.forcedOpen)
    await #expect(throws: CircuitOpen.self) { try await call(1) }
    breaker.set(.disabled)
    #expect(try await call(1) == 1)
    breaker.set(.open(for: .seconds(900)))
    await #expect(throws: CircuitOpen.self) { try await call(1) }
    breaker.set(nil)
    #expect(try await call(1) == 1)

    let retries = LivePolicy(RetryPolicy(maxAttempts: 3, backoff: .none))
    let attempts = Mutex(0)
    let failing = ServiceCall("stock") { (_: Void) in
      attempts.withLock { $0 += 1 }
      throw Unavailable()
    }
    .retry(live: retries)
    _ = await failing.result()
    retries.update(RetryPolicy(maxAttempts: 1))
    _ = await failing.result()
    #expect(attempts.withLock { $0 } == 4)
  }
}
