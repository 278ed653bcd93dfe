// The code of README.md, compiled.

import Resilience
import ResilienceTestKit
import Synchronization
import Testing

struct Checkout: Sendable {
  let charge: AnyHandler<Order, Receipt>  // kept: a stack holds counts

  init(provider: some Handler<Order, Receipt>) {
    charge =
      provider
      .timeout(.seconds(1))  // each attempt: cancelled after a second
      .circuitBreaker(CircuitBreaker("payment"))  // a destination that is down is not called
      .retry()  // three attempts, backoff with jitter, within a budget
      .deadline(.seconds(3))  // nothing begins after three seconds; the timeout is cut to what is left
      .erased()
  }
}

func readmeQuickStart(_ order: Order) async throws -> (charge: AnyHandler<Order, Receipt>, receipt: Receipt) {
  let checkout = Checkout(provider: ServiceCall("payment") { order in try await payments.charge(order) })
  let receipt = try await checkout.charge(order)
  return (checkout.charge, receipt)
}

/// The modifiers of the table "When to use what", as they stand there.
func readmeTable(_ stock: some Handler<String, Int>, _ path: String) async throws {
  let (breakers, bus, inbox) = (CircuitBreakers<Int>("stock"), EventBus(source: "shop"), Inbox())
  _ = stock.standardStack(StandardStackPolicy())
  _ = stock.retry().fallback(0)
  _ = stock.hedge(after: .milliseconds(50))
  _ = stock.timeout(.seconds(1)).deadline(.seconds(3))
  _ = stock.circuitBreaker(breakers, by: { $0.count })
  _ = stock.rateLimit(KeyedRateLimiter<String>("api", limit: .perSecond(5)), by: { $0 })
  _ = stock.rateLimit(QuotaLimiter("maps", quotas: [.perMinute(200)])).throttle(AdaptiveThrottle("maps"))
  _ = stock.bulkhead(20).bulkhead(.adaptive(), maxWaiting: 20).coalesce(by: \.self)
  _ = stock.trace(CallTracer("shop", store: TraceStore())).metered(by: CallMeter("charge"))
  _ = stock.retry(live: LivePolicy(RetryPolicy()))
  _ = EventHandler("bill") { (event: Event<Order>) in }.outbox(bus).deduplicate(inbox)
  let broker = try await JournalBroker.open(LocalDirectory(path: path))
  try await broker.close()
}

@Suite struct ReadmeOutageTests {
  @Test func anOutageEndsForTheCustomersToo() throws {
    let answers = try Simulation(seed: 7).run { simulation in
      let provider = ScriptedHandler<Order, Receipt>(
        "payment", during: [(.zero ..< .seconds(20), .fail(Unavailable()))], otherwise: .succeed(Receipt()))
      let checkout = Checkout(provider: provider)
      var answers: [Bool] = []
      for _ in 1...60 {  // an order a second: a minute, in some milliseconds
        answers.append((try? await checkout.charge(Order())) != nil)
        try await Task.sleep(for: .seconds(1))
      }
      return answers
    }
    #expect(answers.suffix(35).allSatisfy { $0 })
  }

  /// A function that fails every second time, hangs every fifth time, and is called twenty times.
  private func answered(_ stack: (ServiceCall<Int, Int>) -> AnyHandler<Int, Int>) throws -> Int {
    let calls = Mutex(0)
    let flaky = ServiceCall("flaky") { (number: Int) in
      let attempt = calls.withLock { count in
        count += 1
        return count
      }
      if attempt % 5 == 0 { try await Task.sleep(for: .seconds(60)) }
      if attempt % 2 == 0 { throw Unavailable() }
      return number
    }
    let call = stack(flaky)
    return try Simulation(seed: 1).run { _ in
      var answered = 0
      for number in 1...20 where (try? await call(number)) != nil { answered += 1 }
      return answered
    }
  }

  @Test func theStackForATrialSurvivesAFunctionThatFailsEverySecondTime() throws {
    let first = try answered {
      $0.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("payment")).retry().deadline(.seconds(3)).erased()
    }
    let trial = try answered {
      $0.timeout(.seconds(1)).circuitBreaker(CircuitBreakerPolicy(failureRate: 0.9))
        .retry(maxAttempts: 5, budget: nil).deadline(.seconds(3)).erased()
    }
    #expect(first < 15)
    #expect(trial == 20)
  }
}
