import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

/// A bus whose events a broker keeps.
@Suite struct EventBusBrokerTests {
  /// Waits until the broker has nothing unsettled.
  private func settled(_ broker: MemoryBroker, _ sim: Simulation) async throws {
    while broker.snapshot().groups.contains(where: { $0.lag > 0 }) {
      try await sim.sleep(for: .milliseconds(10))
    }
  }

  @Test func whatIsPublishedIsStoredAndHandledOnceInOrder() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let broker = MemoryBroker()
      let bus = EventBus(source: "tests", broker: broker)
      let handled = Log<String>()
      for group in ["g", "h"] {
        try bus.handle(Topic.number, in: group, .every(.milliseconds(5), parallelism: 3)) { event in
          try await sim.sleep(for: .milliseconds(event.data % 3))
          if event.attempt == 1, event.data % 5 == 0 { throw Broken() }
          handled.append("\(group) \(event.subject ?? "") \(event.data)")
        }
      }
      try await bus.running {
        for number in 0..<20 {
          try await bus.publish(number, as: Topic.number, subject: "s\(number % 3)")
        }
        // 20 for each of two groups.
        while handled.entries.count < 40 { try await sim.sleep(for: .milliseconds(5)) }
      }
      for group in ["g", "h"] {
        for subject in 0..<3 {
          let expected = (0..<20).filter { $0 % 3 == subject }.map { "\(group) s\(subject) \($0)" }
          let seen = handled.entries.filter { $0.hasPrefix("\(group) s\(subject) ") }
          try sim.require(seen == expected, "\(seen)")
        }
      }
    }
  }

  /// A group that subscribes before its first publish gets all, whether or not anything runs.
  @Test func whatWasPublishedBeforeTheBusRanIsHandledThen() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let broker = MemoryBroker()
      let handled = Log<Int>()
      let first = EventBus(source: "tests", broker: broker)
      try first.handle(Topic.number, in: "g") { handled.append($0.data) }
      for number in 0..<5 { try await first.publish(number, as: Topic.number, subject: "a") }
      // As another process would.
      let second = EventBus(source: "tests", broker: broker)
      try second.handle(Topic.number, in: "g") { handled.append($0.data) }
      try await second.running { try await settled(broker, sim) }
      try sim.require(handled.entries == [0, 1, 2, 3, 4], "\(handled.entries)")
    }
  }

  @Test func whatAShutdownLeavesComesAgainAsIfItHadNotBeenDelivered() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let broker = MemoryBroker()
      let handled = Log<String>()
      for round in 0..<3 {
        let bus = EventBus(source: "tests", broker: broker)
        try bus.handle(Topic.number, in: "g", .every(.milliseconds(5), parallelism: 1)) { event in
          try await sim.sleep(for: .milliseconds(10))
          handled.append("\(event.data) \(event.attempt)")
        }
        try await bus.running {
          if round == 0 {
            for number in 0..<6 { try await bus.publish(number, as: Topic.number, subject: "a") }
          }
          if round == 2 {
            try await settled(broker, sim)
          } else {
            try await sim.sleep(for: .milliseconds(25))
          }
        }
        #expect(bus.snapshot().outstanding == 0)
      }
      try sim.require(handled.entries == (0..<6).map { "\($0) 1" }, "\(handled.entries)")
    }
  }

  @Test func whatIsGivenUpIsTheBrokersDeadLetterAndCanBeRedriven() throws {
    try Simulation(seed: 1).run { sim in
      let broker = MemoryBroker()
      let bus = EventBus(source: "tests", broker: broker)
      let isBroken = Box(true)
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", .every(.milliseconds(5), maxDeliveries: 3)) { event in
        if isBroken.value { throw Broken() }
        handled.append(event.data)
      }
      try await bus.running {
        try await bus.publish(7, as: Topic.number, subject: "a")
        try await settled(broker, sim)
        let letters = try await broker.deadLetters()
        #expect(letters.map(\.death.reason) == [.exhausted(deliveries: 3)])
        #expect(letters.map(\.death.lastError) == ["broken"])
        #expect(bus.deadLetters.count == 0)
        isBroken.change { $0 = false }
        #expect(try await broker.redrive(try #require(letters.first).id))
        try await settled(broker, sim)
        #expect(handled.entries == [7])
      }
    }
  }

  @Test func aPayloadThatCannotBeDecodedIsADeadLetterWithItsBytes() throws {
    try Simulation(seed: 1).run { sim in
      let broker = MemoryBroker()
      let bus = EventBus(source: "tests", broker: broker)
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g") { handled.append($0.data) }
      try await bus.running {
        try await bus.publish(EncodedEvent(id: "1", source: "s", type: "number", data: Array("oops".utf8)))
        try await bus.publish(2, as: Topic.number)
        try await settled(broker, sim)
      }
      let letters = try await broker.deadLetters()
      #expect(letters.map(\.death.reason) == [.undecodable])
      #expect(letters.first?.event.data == Array("oops".utf8))
      #expect(handled.entries == [2])
    }
  }

  @Test func whatCannotWaitIsRefused() throws {
    let bus = EventBus(source: "tests", broker: MemoryBroker())
    func publish() throws { try bus.publish(1, as: Topic.number) }
    func publishLater() throws { try bus.publish(1, as: Topic.number, after: .seconds(1)) }
    #expect(throws: PublishNeedsAwait(type: "number")) { try publish() }
    #expect(throws: PublishNeedsAwait(type: "number")) { try publishLater() }
  }

  @Test func whatIsPublishedForLaterIsKeptByTheBroker() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let broker = MemoryBroker()
      let handled = Log<(Int, Instant)>()
      let first = EventBus(source: "tests", broker: broker)
      let delays = [(1, 5), (2, 3), (3, 0), (4, -2), (5, 3)]
      for (number, delay) in delays {
        try await first.publish(number, as: Topic.number, after: .seconds(delay), subject: "a")
      }
      try sim.require(broker.snapshot().scheduled == 3, "\(broker.snapshot())")
      // The process has ended; another one has them.
      let second = EventBus(source: "tests", broker: broker)
      try second.handle(Topic.number, in: "g") { handled.append(($0.data, sim.now)) }
      try await second.running { try await sim.sleep(for: .seconds(10)) }
      let later = handled.entries
      try sim.require(later.map(\.0) == [2, 5, 1] && later.map(\.1) == [.s(3), .s(3), .s(5)], "\(later)")
      try sim.require(broker.snapshot().scheduled == 0, "\(broker.snapshot())")
    }
  }

  @Test func aHandlerBehindAnOutboxPublishesForLater() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let broker = MemoryBroker()
      let bus = EventBus(source: "tests", broker: broker)
      let handled = Log<(String, Instant)>()
      let attempts = Log<Int>()
      let handler = EventHandler("g") { (event: Event<Int>) in
        attempts.append(event.attempt)
        try await bus.publish("later", as: Topic.text, after: .seconds(5))
        try await bus.publish("now", as: Topic.text)
        if event.attempt == 1 { throw Broken() }
      }
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)), handler: handler.outbox(bus))
      try bus.handle(Topic.text, in: "h") { handled.append(($0.data, sim.now)) }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(20))
      }
      // What the failed attempt has published is gone.
      try sim.require(handled.entries.map(\.0) == ["now", "later"], "\(handled.entries)")
      try sim.require(handled.entries.map(\.1) == [.s(1), .s(6)], "\(handled.entries)")
    }
  }

  @Test func anImportedEventWithATimeIsDeliveredThenInMemoryToo() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<(Int, Instant)>()
      try bus.handle(Topic.number, in: "g") { handled.append(($0.data, sim.now)) }
      try await bus.running {
        for (number, delay) in [(1, 5), (2, -5)] {
          var event = try EncodedEvent(
            id: "\(number)", source: "s", type: "number", data: Array("\(number)".utf8))
          event.notBefore = CallContext.current.clock.unixTime.advanced(by: .seconds(delay))
          try await bus.publish(event)
        }
        var wrong = try EncodedEvent(id: "3", source: "s", type: "number", data: Array("3".utf8))
        try wrong.setExtension("notbefore", to: .string("soon"))
        await #expect(throws: InvalidEvent.self) { try await bus.publish(wrong) }
        try await sim.sleep(for: .seconds(10))
      }
      #expect(handled.entries.map(\.0) == [2, 1])
      #expect(handled.entries.map(\.1) == [.s(0), .s(5)])
    }
  }

  @Test func requestsAreAnsweredInMemory() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests", broker: MemoryBroker())
      try bus.respond(
        to: Topic.number, with: Topic.answer, group: "g",
        handler: ServiceCall("g") { (event: Event<Int>) in "reply to \(event.data)" })
      try await bus.running {
        let reply = try await bus.request(3, as: Topic.number, expecting: Topic.answer)
        try sim.require(reply == "reply to 3", reply)
      }
    }
  }

  /// Two processes share the work, and one of them ends in the middle.
  @Test func anotherBusTakesOverWhatOneLeaves() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let broker = MemoryBroker()
      let handled = Log<String>()
      func process() throws -> EventBus {
        let bus = EventBus(source: "tests", broker: broker)
        try bus.handle(Topic.number, in: "g", .every(.milliseconds(5), parallelism: 4)) { event in
          try await sim.sleep(for: .milliseconds(3))
          handled.append("\(event.subject ?? "") \(event.data)")
        }
        return bus
      }
      let (first, second) = (try process(), try process())
      try await first.running {
        try await second.running {
          for number in 0..<30 {
            try await first.publish(number, as: Topic.number, subject: "s\(number % 7)")
          }
          try await sim.sleep(for: .milliseconds(2))
        }
        try await settled(broker, sim)
      }
      for subject in 0..<7 {
        let expected = (0..<30).filter { $0 % 7 == subject }.map { "s\(subject) \($0)" }
        let seen = handled.entries.filter { $0.hasPrefix("s\(subject) ") }
        try sim.require(seen == expected, "\(seen) instead of \(expected)")
      }
    }
  }

  /// What a handler publishes behind an outbox appears with its acknowledgement: once, however often it
  /// fails.
  @Test func anOutboxIsSettledWithTheEvent() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let broker = MemoryBroker()
      let bus = EventBus(source: "tests", broker: broker)
      let texts = Log<String>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.milliseconds(5)),
        handler: EventHandler("g") { (event: Event<Int>) in
          try await bus.publish("first of \(event.data)", as: Topic.text, subject: event.subject)
          if event.attempt < 3 { throw Broken() }
          try await bus.publish("second of \(event.data)", as: Topic.text, subject: event.subject)
        }.outbox(bus))
      try bus.handle(Topic.text, in: "h") { texts.append($0.data) }
      try await bus.running {
        for number in 1...3 { try await bus.publish(number, as: Topic.number, subject: "s\(number)") }
        while texts.entries.count < 6 { try await sim.sleep(for: .milliseconds(5)) }
        try await sim.sleep(for: .seconds(1))
      }
      for number in 1...3 {
        let seen = texts.entries.filter { $0.hasSuffix("of \(number)") }
        try sim.require(seen == ["first of \(number)", "second of \(number)"], "\(seen)")
      }
    }
  }

  @Test func aRemovedGroupsConsumerLeavesAndAnotherBusGetsItsEvents() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let broker = MemoryBroker()
      let (first, second) = (
        EventBus(source: "tests", broker: broker), EventBus(source: "tests", broker: broker)
      )
      let handled = Log<Int>()
      try first.handle(Topic.number, in: "g") { _ in }
      try await first.running {
        try await sim.sleep(for: .milliseconds(1))
        first.removeGroup("g", of: Topic.number)
        try await sim.sleep(for: .milliseconds(1))
        try sim.require(broker.snapshot().groups.map(\.consumers) == [0], "\(broker.snapshot())")
        try second.handle(Topic.number, in: "g") { handled.append($0.data) }
        try await second.running {
          try await first.publish(1, as: Topic.number)
          try await settled(broker, sim)
        }
      }
      try sim.require(handled.entries == [1], "\(handled.entries)")
    }
  }

  /// The second group has the place of the first, whose session has an event in its hands.
  @Test func anEventOfARemovedGroupIsNotGivenToTheOneInItsPlace() async throws {
    var state = EventBusState()
    let handler = Consumer(EventHandler("h") { (_: Event<Int>) in }, of: Topic.number)
    func subscribe(_ group: String) throws -> BrokerLink {
      _ = try state.subscribe(
        to: .type("number"), group: group, handler: handler, policy: DeliveryPolicy(), budget: nil,
        isResponder: false, broker: MemoryBroker())
      return try #require(state.groups[0].link)
    }
    let old = try subscribe("old")
    _ = state.removeGroup("old", of: .type("number"))
    let new = try subscribe("new")
    let event = try EncodedEvent(id: "1", source: "s", type: "number", data: Array("1".utf8))
    func message(through link: BrokerLink) throws -> Message {
      let receipt = BrokerReceipt(scope: 0, position: 0)
      return try EncodedMessage(
        BrokerDelivery(receipt: receipt, event: event, deliveries: 0), from: BrokerOrigin(link, receipt),
        .current)
    }
    state.receive(try message(through: old), in: 0)
    #expect(state.outstanding == 0)
    state.receive(try message(through: new), in: 0)
    #expect(state.outstanding == 1)
    #expect(state.takeReceived(through: old, of: 0).isEmpty)
    #expect(state.takeReceived(through: new, of: 0).count == 1)
  }

  /// The broker lost the session with the first settlement: what was published with it is not there, and the
  /// event comes again.
  @Test(arguments: [false, true])
  func anOutboxLosesNothingWithASettlement(isBehindInbox: Bool) throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let broker = ForgetfulBroker()
      let bus = EventBus(source: "tests", broker: broker)
      let texts = Log<String>()
      let handler = EventHandler("g") { (event: Event<Int>) in
        try await bus.publish("of \(event.data)", as: Topic.text)
      }.outbox(bus)
      if isBehindInbox {
        try bus.subscribe(to: Topic.number, group: "g", handler: handler.deduplicate(Inbox()))
      } else {
        try bus.subscribe(to: Topic.number, group: "g", handler: handler)
      }
      try bus.handle(Topic.text, in: "h") { texts.append($0.data) }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(60))
      }
      try sim.require(texts.entries == ["of 1"], "\(texts.entries)")
    }
  }
}

/// Ends the session of the group of numbers instead of settling for the first time.
private struct ForgetfulBroker: EventBroker {
  let base = MemoryBroker()
  let hasForgotten = Box(false)

  func publish(_ events: [EncodedEvent]) async throws { try await base.publish(events) }

  func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    let consumer = try await base.join(group)
    return group.name.hasPrefix("g")
      ? ForgetfulConsumer(base: consumer, hasForgotten: hasForgotten) : consumer
  }

  func removeGroup(_ name: String) async throws -> Bool { try await base.removeGroup(name) }

  func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
    try await base.deadLetters(of: group, after: id, limit: limit)
  }

  func removeDeadLetter(_ id: String) async throws -> Bool { try await base.removeDeadLetter(id) }

  func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    try await base.redrive(id, as: event)
  }
}

private struct ForgetfulConsumer: BrokerConsumer {
  let base: any BrokerConsumer
  let hasForgotten: Box<Bool>

  var heartbeatInterval: Duration { base.heartbeatInterval }

  func receive(limit: Int) async throws -> [BrokerDelivery] { try await base.receive(limit: limit) }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    let isFirst = hasForgotten.change { value in
      defer { value = true }
      return !value
    }
    guard isFirst else { return try await base.settle(settlements) }
    try await base.leave()
    throw BrokerSessionEnded(group: "g")
  }

  func heartbeat() async throws { try await base.heartbeat() }
  func leave() async throws { try await base.leave() }
}
