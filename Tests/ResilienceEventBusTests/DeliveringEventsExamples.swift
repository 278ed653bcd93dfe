import ResilienceCore
import ResilienceEventBus

/// The code of the article DeliveringEvents, so that it compiles.
private struct Order: Codable, Sendable { var pages: [Int] = [] }
private struct Receipt: Codable, Sendable {}

private struct Bank: Sendable {
  func charge(_ order: Order) async throws -> Receipt { Receipt() }
}

private let orderPlaced = EventType<Order>("order_placed")
private let receiptMade = EventType<Receipt>("receipt_made")

private func subscribe(_ bank: Bank) throws {
  let bus = EventBus(source: "shop")
  let inbox = Inbox()

  try bus.subscribe(
    to: orderPlaced, group: "billing",
    handler: EventHandler("bill") { (event: Event<Order>) in
      let receipt = try await bank.charge(event.data)
      try await bus.publish(receipt, as: receiptMade, subject: event.subject)
    }
    .outbox(bus)
    .deduplicate(inbox))
}

private func copyAll(_ event: Event<Order>, _ bus: EventBus, copy: (Int) async throws -> Void) async throws {
  for page in event.data.pages {
    try await copy(page)
    bus.extendLease(of: event)
  }
}

private func redriveAndEnd(_ bus: EventBus) async throws {
  try bus.redriveAll { $0.group == "billing" && $0.reason != .poison }
  let left = await bus.shutDown(grace: .seconds(20))
  if left.outstanding > 0 { print("\(left.outstanding) events are left") }
}

private let settings = [
  DeliveryPolicy(
    backoff: .exponential(base: .milliseconds(10), cap: .seconds(1)), parallelism: 64, lease: .seconds(10)),
  DeliveryPolicy(
    maxDeliveries: 100, backoff: .exponential(base: .seconds(1), cap: .seconds(600)), parallelism: 4,
    timeout: .seconds(60), lease: .seconds(900)),
  DeliveryPolicy(maxDeliveries: 1, lease: .seconds(5), overflow: .dropOldest),
]
