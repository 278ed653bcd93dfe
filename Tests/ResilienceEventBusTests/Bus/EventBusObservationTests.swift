import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import Testing

@Suite struct EventBusObservationTests {
  @Test func row55_anEventIsADeadLetterOnceAfterItsLastDelivery() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let log = EventRecorder()
      let bus = EventBus(source: "tests") { log.record($0) }
      for group in ["g", "h"] {
        try bus.handle(Topic.number, in: group, .every(.seconds(1), maxDeliveries: 3, parallelism: 2)) {
          event in
          try await sim.sleep(for: .milliseconds(event.data))
          if event.data.isMultiple(of: 2) { throw Broken() }
        }
      }
      try await bus.running {
        for number in 0..<4 {
          let event = try Event(id: "e\(number)", source: "s", type: Topic.number, data: number)
          try await bus.publish(event)
        }
        try await bus.waitUntilIdle()
      }
      let events = log.events.compactMap { $0 as? EventBusEvent }
      for number in 0..<4 {
        let ofEvent = events.filter { $0.id == "e\(number)" }
        try sim.require(ofEvent.first?.kind == .published(groups: 2), "\(ofEvent)")
        for group in ["g", "h"] {
          let story = ofEvent.filter { $0.group == group }.map { "\($0.name) \($0.attempt)" }
          let expected =
            number.isMultiple(of: 2)
            ? [
              "event_bus.redelivery_scheduled 1", "event_bus.redelivery_scheduled 2",
              "event_bus.dead_lettered 3",
            ]
            : ["event_bus.delivered 1"]
          try sim.require(story == expected, "\(story)")
        }
      }
      try sim.require(events.count == 4 + 2 * 2 * 3 + 2 * 2, "\(events)")
    }
  }

  @Test func anEventTellsItsFacts() throws {
    let log = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests") { log.record($0) }
      try bus.handle(Topic.number, in: "g", .every(.seconds(2), maxDeliveries: 2)) { event in
        if event.data == 1 { throw Broken() }
      }
      try await bus.running {
        try await bus.publish(Event(id: "a", source: "s", type: Topic.number, subject: "x", data: 1))
        try await bus.waitUntilIdle()
        try await bus.publish(Event(id: "b", source: "s", type: Topic.number, data: 2))
        try await bus.waitUntilIdle()
      }
    }
    #expect(
      log.descriptions == [
        "event_bus.published type=number id=a subject=x groups=1",
        "event_bus.redelivery_scheduled type=number id=a subject=x group=g attempt=1 delay_seconds=2.0 "
          + "error=broken",
        "event_bus.dead_lettered type=number id=a subject=x group=g attempt=2 "
          + "reason=exhausted after 2 deliveries error=broken",
        "event_bus.published type=number id=b groups=1",
        "event_bus.delivered type=number id=b group=g attempt=1",
      ])
  }

  @Test func whoIsToldMayUseTheBus() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let later = Box<EventBus?>(nil)
      let handled = Log<String>()
      let bus = EventBus(source: "tests") { event in
        guard case .deadLettered = event.kind else { return }
        _ = try? later.value?.publish("\(event.id) is dead", as: Topic.text)
      }
      later.change { $0 = bus }
      try bus.handle(Topic.number, in: "g") { _ in throw PoisonEvent("x") }
      try bus.handle(Topic.text, in: "h") { handled.append($0.data) }
      try await bus.running {
        try await bus.publish(Event(id: "a", source: "s", type: Topic.number, data: 1))
        try await sim.advance(by: .seconds(1))
        try await bus.waitUntilIdle()
      }
      later.change { $0 = nil }
      try sim.require(handled.entries == ["a is dead"], "\(handled.entries)")
    }
  }

  @Test func theSnapshotsMetricsAreItsCounts() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "shop", policy: EventBusPolicy(deadLetterCapacity: 1))
      try bus.handle(Topic.number, in: "g", .every(.seconds(10), maxDeliveries: 9, parallelism: 5)) { event in
        switch event.data {
        case 0: try await sim.sleep(for: .seconds(100))
        case 1: throw Broken()
        case 2, 3: throw PoisonEvent("x")
        default: break
        }
      }
      try await bus.running {
        for (number, subject) in [(0, "a"), (0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e")] {
          try await bus.publish(number, as: Topic.number, subject: subject)
        }
        try await bus.publish("nobody", as: Topic.text)
        try await sim.advance(by: .seconds(1))
        let snapshot = bus.snapshot()
        #expect(snapshot.outstanding == 3)
        let lines = snapshot.metrics.map { metric in
          "\(metric.name) \(metric.kind) \(Int(metric.value)) "
            + metric.labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",")
        }
        #expect(
          lines == [
            "event_bus_published_total counter 7 bus=shop",
            "event_bus_unrouted_total counter 1 bus=shop",
            "event_bus_scheduled gauge 0 bus=shop",
            "event_bus_pending_requests gauge 0 bus=shop",
            "event_bus_dead_letters gauge 1 bus=shop",
            "event_bus_dead_letters_discarded_total counter 1 bus=shop",
            "event_bus_oldest_age_seconds gauge 1 bus=shop,type=number,group=g",
            "event_bus_dropped_total counter 0 bus=shop,type=number,group=g",
            "event_bus_leases_ended_total counter 0 bus=shop,type=number,group=g",
            "event_bus_enqueued_total counter 6 bus=shop,type=number,group=g",
            "event_bus_delivered_total counter 1 bus=shop,type=number,group=g",
            "event_bus_dead_lettered_total counter 2 bus=shop,type=number,group=g",
            "event_bus_redeliveries_total counter 1 bus=shop,type=number,group=g",
            "event_bus_queued gauge 1 bus=shop,type=number,group=g",
            "event_bus_in_flight gauge 1 bus=shop,type=number,group=g",
            "event_bus_waiting gauge 1 bus=shop,type=number,group=g",
          ])
      }
    }
  }

  @Test func theSameSeedGivesTheSameStory() throws {
    func story(_ seed: UInt64) throws -> [String] {
      let log = EventRecorder()
      try Simulation(seed: seed).run { sim in
        let bus = EventBus(source: "tests") { log.record($0) }
        for group in ["g", "h", "i"] {
          try bus.handle(Topic.number, in: group, DeliveryPolicy(parallelism: 3)) { event in
            try await sim.sleep(for: .milliseconds(Int(CallContext.current.random() % 5)))
            if CallContext.current.random() % 3 == 0 { throw Broken() }
          }
        }
        try await bus.running {
          for number in 0..<20 { try await bus.publish(number, as: Topic.number, subject: "s\(number % 7)") }
          try await bus.waitUntilIdle()
        }
      }
      return log.descriptions
    }
    for seed in 0..<5 as Range<UInt64> { #expect(try story(seed) == story(seed)) }
    #expect(try story(1) != story(2))
  }
}
