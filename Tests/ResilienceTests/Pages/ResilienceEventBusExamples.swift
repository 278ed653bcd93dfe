// The code of ResilienceEventBus.md, compiled.

import Resilience

func eventBusPageOnDisk() async throws -> (EventBus, Inbox) {
  let broker = try await JournalBroker.open(LocalDirectory(path: "/var/lib/shop/events"))
  let lasting = EventBus(source: "shop", broker: broker)
  let inbox = try await Inbox.open(LocalDirectory(path: "/var/lib/shop/billed"))
  return (lasting, inbox)
}

func eventBusPage(_ order: Order) async throws -> EventBusSnapshot {
  let orderPlaced = EventType<Order>("order_placed")
  let bus = EventBus(source: "shop")

  try bus.subscribe(
    to: orderPlaced, group: "billing",
    handler: EventHandler("bill") { (event: Event<Order>) in _ = try await payments.charge(event.data) }
      .deduplicate(Inbox()))

  try await withThrowingTaskGroup { group in
    group.addTask { try await bus.run() }
    try await bus.publish(order, as: orderPlaced, subject: "customer 7")
    try await bus.waitUntilIdle()
    group.cancelAll()
  }
  return bus.snapshot()
}
