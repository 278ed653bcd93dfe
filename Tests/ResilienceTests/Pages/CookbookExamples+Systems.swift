// The rest of the code of Cookbook.md.

import Foundation
import Resilience
import ResilienceTestKit

extension Cookbook {
  static let recipes: [@Sendable () async throws -> Void] =
    callRecipes + [hedge, coalesce, events, instances, trace, document, metrics] + serviceRecipes

  @Sendable static func hedge() async throws {
    let search = ScriptedHandler<String, String>(
      "search", [.delay(.seconds(3), then: .succeed("late")), .succeed("in time")])

    let quick = search.hedge(after: .milliseconds(50))
    print(try await quick("mug"), "from", search.callCount, "attempts")
  }

  @Sendable static func coalesce() async throws {
    let source = ScriptedHandler<String, Int>("prices", [.delay(.seconds(1), then: .succeed(12))])

    let price = source.coalesce(by: \.self)
    let prices = try await withThrowingTaskGroup { callers in
      for _ in 1...100 { callers.addTask { try await price("mug") } }
      return try await callers.reduce(0, +)
    }
    print(prices, "in all, and", source.callCount, "call")
  }

  @Sendable static func events() async throws {
    let orderPlaced = EventType<Int>("order_placed")
    let bus = EventBus(source: "shop")
    try bus.subscribe(
      to: orderPlaced, group: "billing", policy: DeliveryPolicy(maxDeliveries: 5, parallelism: 4),
      handler: EventHandler("bill") { (event: Event<Int>) in
        if event.data < 0 { throw PoisonEvent("a total of \(event.data)") }
        print("billed", event.data)
      }
      .deduplicate(Inbox()))

    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await bus.run() }
      let order = try await bus.publish(100, as: orderPlaced, subject: "customer 7")
      try await bus.publish(order)  // the same event, a second time
      try await bus.publish(-5, as: orderPlaced, subject: "customer 7")
      try await bus.waitUntilIdle()
      tasks.cancelAll()
    }
    for letter in bus.deadLetters.letters { print(letter.event.type, letter.reason) }
  }

  @Sendable static func instances() async throws {
    struct Dead: Error {}
    let registry = ServiceRegistry()
    let policy = BalancingPolicy(.roundRobin, outliers: OutlierPolicy(consecutiveFailures: 3))
    let stock = registry.service("inventory").balanced(policy) { instance in
      ServiceCall("stock") { (sku: String) in
        if instance.id == "inventory-1" { throw Dead() }
        return "\(sku): 7"
      }
    }
    .retry(maxAttempts: 2, backoff: .none)

    let first = ServiceInstance(id: "inventory-1", service: "inventory", address: "10.0.0.1:8080")
    let second = ServiceInstance(id: "inventory-2", service: "inventory", address: "10.0.0.2:8080")
    try await registry.withLease(first) {
      try await registry.withLease(second) {
        var answered = 0
        for _ in 1...20 where (try? await stock("mug")) != nil { answered += 1 }
        print(answered, "of 20 were answered")
      }
    }
  }

  @Sendable static func trace() async throws {
    struct Refused: Error {}
    let store = TraceStore()
    let payment = ScriptedHandler<Int, String>(
      "payment",
      [.delay(.milliseconds(30), then: .fail(Refused())), .delay(.milliseconds(20), then: .succeed("paid"))])

    let pay = payment.retry(maxAttempts: 2, backoff: .none).trace(
      CallTracer("shop", store: store), "checkout")
    print(try await pay(42))
    for trace in store.traces { print(store.waterfall(of: trace)) }
  }

  @Sendable static func document() async throws {
    func read(_ document: String) throws -> [String: StandardStackPolicy] {
      try JSONDecoder().decode([String: StandardStackPolicy].self, from: Data(document.utf8))
    }

    let stacks = StandardStacks(try read(#"{"payment": {"deadline": "2s", "retry": {"maxAttempts": 2}}}"#))
    let charge = ServiceCall("charge") { (cents: Int) in cents }.standardStack(stacks["payment"])
    print(charge)

    stacks.update(try read(#"{"payment": {"deadline": "1s"}, "paymnt": {}}"#))  // calls may run meanwhile
    print(charge)  // three attempts again: the document does not say two any more
    print("nobody asks for", stacks.unusedNames)
    do {
      stacks.update(try read(#"{"payment": {"deadline": "0s"}}"#))
    } catch let fault as InvalidSetting {
      print(fault)
    }
  }

  @Sendable static func metrics() async throws {
    let breaker = CircuitBreaker("payment")
    let meter = CallMeter("charge")
    let charge = ServiceCall("charge") { (cents: Int) in cents }.circuitBreaker(breaker).metered(by: meter)
    _ = try await charge(100)

    let page = MetricsPage([meter.snapshot(), breaker.snapshot()])
    for line in page.text.split(separator: "\n") where line.hasPrefix("circuit_breaker_state") { print(line) }
  }
}
