import Resilience

/// Analytics: counts what happens, by type of event.
final class Analytics: Sendable {
  private let events = Tally()

  var eventsByType: [String: Int] { events.all }

  init(_ house: House) {
    count(Topic.userRegister, house)
    count(Topic.productAdd, house)
    count(Topic.productFlagged, house)
    count(Topic.cartAdd, house)
    count(Topic.orderCreated, house)
    count(Topic.stockUpdated, house)
    count(Topic.orderShipped, house)
  }

  private func count<Payload: Sendable>(_ topic: EventType<Payload>, _ house: House) {
    house.subscribe(to: topic, as: "analytics") { [events] event in events.count(event.type) }
  }
}
