import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct EventBusEncodedTests {
  private static func event(
    _ data: String, id: String = "i", type: String = "number", subject: String? = nil,
    extensions: [String: ExtensionValue] = [:]
  ) throws -> EncodedEvent {
    try EncodedEvent(
      id: id, source: "elsewhere", type: type, subject: subject, time: UnixTime(nanoseconds: 9),
      contentType: "application/json", extensions: extensions, data: Array(data.utf8))
  }

  @Test func aTypedSubscriberGetsItsPayload() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "s")
      let got = Box<[String]>([])
      try bus.handle(Topic.number, in: "g") { event in
        got.change {
          $0.append("\(event.id) \(event.source) \(event.time.nanoseconds) \(event.data) \(event.attempt)")
        }
      }
      try await bus.running {
        try await bus.publish(Self.event("5"))
        try await bus.publish(Self.event("6", id: "j", extensions: ["deliveryattempt": 2]))
        try await bus.waitUntilIdle()
      }
      #expect(got.value.sorted() == ["i elsewhere 9 5 1", "j elsewhere 9 6 3"])
    }
  }

  @Test func anUndecodableEventIsADeadLetterWithItsBytesAndTheOthersFlow() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "s")
      let got = Box<[Int]>([])
      try bus.handle(Topic.number, in: "g") { event in got.change { $0.append(event.data) } }
      let broken = try Self.event(#"{"a":1}"#, id: "bad", subject: "k", extensions: ["mine": "m"])
      try await bus.running {
        try await bus.publish(broken)
        try await bus.publish(Self.event("6", id: "good", subject: "k"))
        try await bus.waitUntilIdle()
      }
      #expect(got.value == [6])
      let letter = try #require(bus.deadLetters.letters.first)
      #expect((letter.reason, letter.event.id, letter.event.attempt) == (.undecodable, "bad", 1))
      #expect(
        letter.lastError == #"event bad of type "number" cannot be decoded: expected Int, found an object"#)
      #expect("\(letter)".contains("undecodable, last error: event bad"))
      var kept = try letter.encoded()
      #expect(kept["deliveryattempt"] == 1)
      try kept.setExtension("deliveryattempt", to: nil)
      #expect(kept.json() == broken.json())
      #expect(letter.event(as: Topic.number) == nil)
      // Another type of the same name can read it.
      #expect(letter.event(as: EventType<[String: Int]>("number"))?.data == ["a": 1])
      #expect(bus.group("g")?.redeliveries == 0)
    }
  }

  @Test func aDeadLetterInBytesIsRedriven() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "s")
      let isMended = Box(false)
      let got = Box<[Int]>([])
      try bus.handle(Topic.number, in: "g") { event in
        guard isMended.value else { throw PoisonEvent("not yet") }
        got.change { $0.append(event.data) }
      }
      try await bus.running {
        try await bus.publish(Self.event("6"))
        try await bus.waitUntilIdle()
        isMended.change { $0 = true }
        #expect(try bus.redrive(try #require(bus.deadLetters.letters.first)))
        try await bus.waitUntilIdle()
      }
      #expect(got.value == [6])
    }
  }

  @Test func anEventInMemoryOfAnEarlierVersionIsUpcastToo() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "s")
      let got = Box<[String]>([])
      let later = EventType<String>("number", version: 2).upcasting(from: 1, Int.self) { "number \($0)" }
      try bus.handle(later, in: "g") { event in got.change { $0.append("\(event.data) \(event.dataVersion)") }
      }
      try await bus.running {
        try await bus.publish(5, as: Topic.number)
        try await bus.publish("six", as: later)
        try await bus.waitUntilIdle()
      }
      #expect(got.value.sorted() == ["number 5 2", "six 2"])
      #expect(bus.deadLetters.count == 0)
    }
  }

  @Test func aSubscriberThatDoesNotKnowThePayloadGetsItsData() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "s")
      let forward = EventBus(source: "other")
      let seen = Box<[String]>([])
      let numbers = Box<[Int]>([])
      try bus.handle(EventType<EventData>("number"), in: "audit") { event in
        let bytes = String(decoding: try event.data.bytes(), as: UTF8.self)
        let number = try event.data.decode(as: Topic.number)
        let isInMemory = event.data.value as? Int == number
        seen.change { $0.append("\(bytes) \(number) \(isInMemory) \(event.data.contentType ?? "-")") }
        #expect(throws: UndecodableEvent.self) { try event.data.decode(as: Topic.text) }
        // As it is, and once more: a forwarder of a forwarder.
        try forward.publish(event)
      }
      try forward.handle(Topic.number, in: "g") { event in numbers.change { $0.append(event.data) } }
      try forward.handle(EventType<EventData>("number"), in: "audit") { event in
        _ = try event.encoded().event(as: Topic.number)
      }
      try await bus.running {
        try await forward.running {
          try await bus.publish(5, as: Topic.number)
          try await bus.publish(Self.event("6"))
          try await bus.waitUntilIdle()
          try await forward.waitUntilIdle()
        }
      }
      #expect(seen.value.sorted() == ["5 5 true application/json", "6 6 false application/json"])
      #expect(numbers.value.sorted() == [5, 6])
      #expect(forward.deadLetters.letters.isEmpty && bus.deadLetters.letters.isEmpty)
    }
  }

  @Test func aPayloadWithoutACodingIsReadInMemory() throws {
    struct Secret: Sendable {}
    let data = EventData(
      TypedMessage(try Event(source: "s", type: EventType<Secret>("secret"), data: Secret())))
    #expect(data.contentType == nil)
    #expect(data.value is Secret)
    #expect("\(data)" == "Secret")
    #expect(throws: NoEventCoding.self) { try data.bytes() }
    _ = try data.decode(as: EventType<Secret>("secret"))
  }

  @Test func anUndecodableReplyIsThrownToTheRequester() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "s")
      try bus.handle(Topic.number, in: "g") { event in
        try await bus.publish(
          Self.event("[]", type: "answer", extensions: ["correlationid": .string(event.id)]))
      }
      try await bus.running {
        _ = await #expect(throws: UndecodableEvent.self) {
          _ = try await bus.request(1, as: Topic.number, expecting: Topic.answer)
        }
      }
    }
  }

  @Test func eventsOfOnePartitionKeyAreInOrder() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "s")
      let got = Box<[Int]>([])
      try bus.handle(Topic.number, in: "g") { event in
        try await sim.sleep(for: .seconds(10 - event.data))
        got.change { $0.append(event.data) }
      }
      try await bus.running {
        for number in 1...4 {
          try await bus.publish(
            Self.event("\(number)", id: "\(number)", subject: "s\(number)", extensions: ["partitionkey": "p"])
          )
        }
        try await bus.waitUntilIdle()
      }
      #expect(got.value == [1, 2, 3, 4])
    }
  }

  @Test func row82_idsSubjectsAndTypesAreBytes() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "s")
      let inbox = Inbox()
      let got = Box<[Int]>([])
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("h") { (event: Event<Int>) in
          try await sim.sleep(for: .seconds(event.data))
          got.change { $0.append(event.data) }
        }.deduplicate(inbox))
      try await bus.running {
        // One id by Unicode's rules, and one subject; neither waits for the other.
        try await bus.publish(Self.event("9", id: "\u{E9}", subject: "\u{E9}"))
        try await bus.publish(Self.event("1", id: "e\u{301}", subject: "e\u{301}"))
        try await bus.waitUntilIdle()
      }
      #expect(got.value == [1, 9])
    }
  }
}
