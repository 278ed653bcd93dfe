import Resilience

// At-least-once delivery, and effects that happen once: an inbox remembers what was handled. What cannot be
// handled ends as a dead letter, which is looked at, and given another chance.

struct Order: Sendable, Codable {
  let number: Int
  let total: Int
}

struct NegativeTotal: Error, PushbackProviding {
  var pushback: Pushback { .doNotRetry }
}

actor Ledger {
  private(set) var total = 0
  private(set) var acceptsNegative = false

  func book(_ order: Order) throws {
    if order.total < 0, !acceptsNegative { throw NegativeTotal() }
    total += order.total
  }

  func acceptNegative() { acceptsNegative = true }
}

func eventsHandledOnce(say: @escaping Say) async throws {
  let orderPlaced = EventType<Order>("order_placed")
  let bus = EventBus(source: "shop")
  let ledger = Ledger()

  try bus.subscribe(
    to: orderPlaced, group: "billing",
    handler: EventHandler("book") { (event: Event<Order>) in try await ledger.book(event.data) }
      .deduplicate(Inbox()))

  try await withThrowingTaskGroup { tasks in
    tasks.addTask { try await bus.run() }

    let order = try await bus.publish(Order(number: 1, total: 100), as: orderPlaced, subject: "customer 7")
    try await bus.publish(order)  // the network delivered it twice
    try await bus.publish(Order(number: 2, total: -5), as: orderPlaced, subject: "customer 7")
    try await bus.waitUntilIdle()
    say("booked: \(await ledger.total)")

    for letter in bus.deadLetters.letters { say("dead letter: \(letter.event.type), \(letter.reason)") }

    await ledger.acceptNegative()  // the handler is mended
    let redriven = try bus.redriveAll()
    try await bus.waitUntilIdle()
    say("redriven: \(redriven), booked: \(await ledger.total)")
    tasks.cancelAll()
  }
}
