import Resilience

/// Logistics: packs what was taken off the shelves, and ships it.
final class Logistics: Sendable {
  init(_ platform: Platform, _ truck: Truck) throws {
    try platform.subscribe(to: Topic.stockUpdated, as: "logistics") { event in
      try await DayClock.pause(20_000...60_000)
      truck.load(event.data.order, event.data.items)
      try platform.publish(event.data, as: Topic.orderShipped, about: event.data.order)
    }
  }
}
