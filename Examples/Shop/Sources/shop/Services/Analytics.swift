import Resilience

/// Analytics: counts what happens.
final class Analytics: Sendable {
  let events = Tally()

  init(_ house: House) throws {
    try count(Topic.userRegister, house)
    try count(Topic.productAdd, house)
    try count(Topic.cartAdd, house)
    try count(Topic.orderCreated, house)
    try count(Topic.stockUpdated, house)
    try count(Topic.orderShipped, house)
  }

  private func count<Payload: Sendable>(_ topic: EventType<Payload>, _ house: House) throws {
    try house.subscribe(to: topic, as: "analytics") { [events] event in events.count(event.type) }
  }
}
