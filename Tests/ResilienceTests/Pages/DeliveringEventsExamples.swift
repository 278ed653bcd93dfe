// The code of DeliveringEvents.md, compiled.

import Resilience

private struct Log: Sendable {
  func warning(_ text: String) { print(text) }
}

private struct Book: Sendable {
  var pages: [String]
}

private func copy(_ page: String) async throws {}

private func delivering(_ orderPlaced: EventType<Order>, _ receiptMade: EventType<Receipt>) throws {
  let bus = EventBus(source: "shop")
  let inbox = Inbox()

  try bus.subscribe(
    to: orderPlaced, group: "billing",
    handler: EventHandler("bill") { (event: Event<Order>) in
      let receipt = try await bank.charge(event.data)
      try await bus.publish(receipt, as: receiptMade, subject: event.subject)
    }
    .outbox(bus)  // the receipt appears if, and only if, the handler succeeds
    .deduplicate(inbox))  // a second delivery does nothing
}

private func extendingTheLease(_ event: Event<Book>, _ bus: EventBus) async throws {
  for page in event.data.pages {
    try await copy(page)
    bus.extendLease(of: event)
  }
}

private func theEnd(_ bus: EventBus, _ log: Log) async throws {
  try bus.redriveAll { $0.group == "billing" && $0.reason != .poison }

  let left = await bus.shutDown(grace: .seconds(20))
  if left.outstanding > 0 { log.warning("\(left.outstanding) events are left") }
}

private func deliverySettings() -> [DeliveryPolicy] {
  // Fast, in memory: many at once, and hardly a wait.
  let fast = DeliveryPolicy(
    backoff: .exponential(base: .milliseconds(10), cap: .seconds(1)), parallelism: 64, lease: .seconds(10))

  // Slow, with a provider behind it: few at once, time for each, days of patience.
  let slow = DeliveryPolicy(
    maxDeliveries: 100, backoff: .exponential(base: .seconds(1), cap: .seconds(600)), parallelism: 4,
    timeout: .seconds(60), lease: .seconds(900))

  // Best effort: only the latest matter, and none is worth a second try.
  let latest = DeliveryPolicy(maxDeliveries: 1, lease: .seconds(5), overflow: .dropOldest)
  return [fast, slow, latest]
}
