import Resilience

/// Analytics: counts what happens, by type of event.
final class Analytics: Sendable {
  private let events = Tally()

  var eventsByType: [String: Int] { events.all }

  init(_ platform: Platform) throws {
    try count(Topic.userRegister, platform)
    try count(Topic.productAdd, platform)
    try count(Topic.productFlagged, platform)
    try count(Topic.cartAdd, platform)
    try count(Topic.orderCreated, platform)
    try count(Topic.stockUpdated, platform)
    try count(Topic.orderShipped, platform)
  }

  private func count<Payload: Sendable>(_ topic: EventType<Payload>, _ platform: Platform) throws {
    try platform.subscribe(to: topic, as: "analytics") { [events] event in events.count(event.type) }
  }
}
