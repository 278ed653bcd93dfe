// The recipes of Cookbook.md for a whole service.

import Foundation
import Resilience
import ResilienceTestKit
import Testing

extension Cookbook {
  static let serviceRecipes: [@Sendable () async throws -> Void] = [
    insideAnActor, learnedBulkhead, journal, healthCheck, server, test,
  ]

  @Sendable static func insideAnActor() async throws {
    actor Warehouse {
      private let inventory: ScriptedHandler<String, Int>
      private let breaker = CircuitBreaker("inventory")
      private let (retry, budget) = (RetryPolicy(), RetryBudget("inventory"))
      private var shelves: [String: Int] = [:]

      init(_ inventory: ScriptedHandler<String, Int>) { self.inventory = inventory }

      func refresh(_ sku: String) async throws -> Int {
        try await retry.run(budget: budget) { attempt in
          try await breaker.run { shelves[sku] = try await inventory(sku) }
        }
        return shelves[sku, default: 0]
      }
    }

    struct Down: Error {}
    let warehouse = Warehouse(ScriptedHandler("inventory", [.fail(Down()), .succeed(7)]))
    print(try await warehouse.refresh("mug"), "mugs")
  }

  @Sendable static func learnedBulkhead() async throws {
    let index = SimulatedService<String, Int>("search", workers: 4, latency: .constant(.milliseconds(20))) {
      $0.count
    }
    let bulkhead = Bulkhead("search", limit: .adaptive(), maxWaiting: 20)
    let search = index.timeout(.seconds(1)).bulkhead(bulkhead)

    // Fifty callers for a minute, who ask again when they have their answer.
    let end = ContinuousClock.now + .seconds(60)
    await withTaskGroup { callers in
      for _ in 1...50 {
        callers.addTask {
          while ContinuousClock.now < end {
            if (try? await search("mug")) == nil { try? await Task.sleep(for: .milliseconds(50)) }
          }
        }
      }
    }
    print("it began with 20 and has learned:", bulkhead.snapshot().limit)
  }

  @Sendable static func journal() async throws {
    let orderPlaced = EventType<Int>("order_placed")
    let invoiceMade = EventType<Int>("invoice_made")
    let (events, handled) = (SimulatedDisk(seed: 1), SimulatedDisk(seed: 2))

    // In your code two directories: `try await LocalDirectory(path: "/var/lib/shop/events")`.
    let broker = try await JournalBroker.open(events)
    let bus = EventBus(source: "shop", broker: broker)
    try bus.subscribe(
      to: orderPlaced, group: "billing",
      handler: EventHandler("bill") { (event: Event<Int>) in
        try await bus.publish(event.data * 2, as: invoiceMade)  // kept back by the outbox
        if event.attempt == 1 { throw RedeliverLater(after: .seconds(1), "the printer is off") }
      }
      .outbox(bus)
      .deduplicate(try await Inbox.open(handled)))
    try bus.subscribe(to: invoiceMade, group: "mail") { event in print("invoice over", event.data) }

    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await bus.run() }
      try await bus.publish(50, as: orderPlaced, subject: "customer 7")
      try await Task.sleep(for: .seconds(10))
      tasks.cancelAll()
    }
    try await broker.close()
  }

  @Sendable static func healthCheck() async throws {
    struct Refused: Error {}
    let registry = ServiceRegistry()
    let monitor = HealthMonitor(registry, service: "inventory") { instance in
      if instance.address == "10.0.0.2:8080" { throw Refused() }  // in your code: ask the instance
    }
    let first = ServiceInstance(id: "inventory-1", service: "inventory", address: "10.0.0.1:8080")
    let second = ServiceInstance(id: "inventory-2", service: "inventory", address: "10.0.0.2:8080")

    try await registry.withLease(first) {
      try await registry.withLease(second) {
        await withTaskGroup { tasks in
          tasks.addTask { try? await monitor.run() }
          try? await Task.sleep(for: .seconds(60))
          for member in registry.instances(of: "inventory").members {
            print(member.instance.id, member.health)
          }
          tasks.cancelAll()
        }
      }
    }
  }

  @Sendable static func server() async throws {
    let orderPlaced = EventType<Int>("order_placed")
    let bus = EventBus(source: "shop")
    try bus.subscribe(to: orderPlaced, group: "mail", policy: DeliveryPolicy(parallelism: 2)) { event in
      try await Task.sleep(for: .seconds(1))
      print("mailed", event.data)
    }

    try await withThrowingTaskGroup { tasks in
      tasks.addTask { try await bus.run() }
      tasks.addTask {  // in your code: the server, until it is told to stop
        for order in 1...3 { try await bus.publish(order, as: orderPlaced) }
      }
      try await tasks.next()  // whichever ends first: the server has stopped
      let left = await bus.shutDown(grace: .seconds(20))
      print(left.outstanding, "events are left")
      try await tasks.waitForAll()
    }
  }

  @Sendable static func test() async throws {
    let answered = try Simulation(seed: 7).run { simulation in
      struct Down: Error {}
      let payment = ScriptedHandler<Int, String>(
        "payment", during: [(.zero ..< .seconds(20), .fail(Down()))], otherwise: .succeed("paid"))
      let pay = payment.standardStack()
      var answered = 0
      for cents in 1...60 {
        if (try? await pay(cents)) != nil { answered += 1 }
        try await Task.sleep(for: .seconds(1))
      }
      return answered
    }
    #expect(answered >= 35)
    print("of 60 calls, 20 of them during the outage,", answered, "were answered")
  }
}
