import Resilience

/// A broker that delivers some events twice, as brokers do.
enum Troublemaker {
  static func doubleOrders(_ house: House) {
    let seen = Tally()
    let bus = house.bus
    bus.subscribe(
      to: Topic.orderCreated, group: "troublemaker",
      handler: EventHandler("troublemaker") { (event: Event<OrderCreated>) in
        guard seen[event.id] == 0 else { return }
        seen.count(event.id)
        seen.count("all")
        guard seen["all"] % FaultSchedule.duplicateEvery == 0 else { return }
        var again = event
        again.envelope.attempt = 0
        try bus.publish(again)
      })
  }
}
