import Resilience

/// A broker that delivers some events twice, as brokers do.
enum DuplicatingBroker {
  static func start(_ platform: Platform) throws {
    let seen = Tally()
    let bus = platform.bus
    try bus.subscribe(
      to: Topic.orderCreated, group: "duplicating broker",
      handler: EventHandler("duplicating broker") { (event: Event<OrderCreated>) in
        guard seen[event.id] == 0 else { return }
        seen.count(event.id)
        seen.count("all")
        guard seen["all"] % FaultSchedule.duplicateEvery == 0 else { return }
        var again = event
        again.envelope.attempt = 0
        try await bus.publish(again)
      })
  }
}
