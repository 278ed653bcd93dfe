import Resilience

/// Analytics: counts what happens, by type of event.
final class Analytics: Sendable {
  private let events = Tally()

  var eventsByType: [String: Int] { events.all }

  init(_ platform: Platform) {
    count(Topic.userRegister, platform)
    count(Topic.productAdd, platform)
    count(Topic.productFlagged, platform)
    count(Topic.cartAdd, platform)
    count(Topic.orderCreated, platform)
    count(Topic.stockUpdated, platform)
    count(Topic.orderShipped, platform)
  }

  private func count<Payload: Sendable>(_ topic: EventType<Payload>, _ platform: Platform) {
    platform.subscribe(to: topic, as: "analytics") { [events] event in events.count(event.type) }
  }
}
