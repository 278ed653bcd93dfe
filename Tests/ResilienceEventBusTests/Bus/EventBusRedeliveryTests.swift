import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct EventBusRedeliveryTests {
  /// The instants of the deliveries of one event whose handler always throws.
  private func deliveries(
    _ policy: DeliveryPolicy, deadline: Deadline = .never, seed: UInt64 = 1,
    throwing error: @escaping @Sendable (Int) -> any Error = { _ in Broken() }
  ) throws -> (instants: [Instant], letters: [DeadLetter]) {
    try Simulation(seed: seed).run { sim in
      let bus = EventBus(source: "tests")
      let instants = Log<Instant>()
      try bus.handle(Topic.number, in: "g", policy) { event in
        instants.append(sim.now)
        throw error(event.attempt)
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number, deadline: deadline)
        try await bus.waitUntilIdle()
      }
      return (instants.entries, bus.deadLetters.letters)
    }
  }

  @Test func redeliveriesComeExactlyAfterTheBackoff() throws {
    let policy = DeliveryPolicy(
      maxDeliveries: 5, backoff: .exponential(base: .seconds(1), cap: .seconds(5), jitter: .none))
    let (instants, letters) = try deliveries(policy)
    #expect(instants == [.s(0), .s(1), .s(3), .s(7), .s(12)])
    #expect(letters.map(\.reason) == [.exhausted(deliveries: 5)])
    #expect(letters.map(\.event.attempt) == [5])
    #expect(letters.map(\.lastError) == ["broken"])
    #expect(letters.map(\.group) == ["g"])
    #expect(letters.map(\.time.description) == ["2000-01-01T00:00:12Z"])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func jitterStaysWithinTheBackoff(seed: UInt64) throws {
    let policy = DeliveryPolicy(maxDeliveries: 3, backoff: .constant(.seconds(1)))
    let (instants, _) = try deliveries(policy, seed: seed)
    #expect(instants.count == 3)
    for (earlier, later) in zip(instants, instants.dropFirst()) {
      #expect(earlier < later)
      #expect(later <= earlier.advanced(by: .seconds(1)))
    }
    #expect(instants[1] != .s(1))
  }

  @Test func whatTheFailureAskedForIsWaitedForBeforeTheBackoff() throws {
    let (instants, _) = try deliveries(.every(.seconds(1), maxDeliveries: 4)) { attempt in
      switch attempt {
      case 1: Busy(retryAt: .s(60))
      case 2: Later(pushback: .retryAfter(.seconds(9)))
      default: Busy(retryAt: nil)
      }
    }
    #expect(instants == [.s(0), .s(61), .s(71), .s(72)])
  }

  @Test(arguments: [1, 3])
  func poisonIsADeadLetterAtOnce(attempt poisonous: Int) throws {
    let (instants, letters) = try deliveries(.every(.seconds(1))) { attempt in
      guard attempt == poisonous else { return Broken() }
      return PoisonEvent("quantity 0")
    }
    #expect(instants.count == poisonous)
    #expect(letters.map(\.reason) == [.poison])
    #expect(letters.map(\.lastError) == ["the event cannot be handled: quantity 0"])
  }

  @Test func aPayloadOfAnotherTypeIsPoisonAndTheHandlerDoesNotRun() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("g") { (event: Event<Int>) in handled.append(event.data) }
          // Takes whatever it throws for harmless.
          .classify { _ in .success })
      try await bus.running {
        try await bus.publish("one", as: EventType<String>("number"))
        try await bus.waitUntilIdle()
      }
      #expect(handled.entries == [])
      #expect(bus.deadLetters.letters.map(\.reason) == [.poison])
      #expect(
        bus.deadLetters.letters.map(\.lastError) == [
          "an event of type \"number\" has a payload of type String, the subscriber expects Int"
        ])
    }
  }

  @Test func theHandlersClassificationDecides() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1), maxDeliveries: 2),
        handler: EventHandler("g") { (event: Event<Int>) in
          attempts.append(event.data)
          if event.data == 1 { throw Broken() }
        }.classify { result in
          switch result {
          case .success: .failure
          case .failure: .success
          }
        })
      try await bus.running {
        for number in 1...2 { try await bus.publish(number, as: Topic.number, subject: "a") }
        try await bus.waitUntilIdle()
      }
      #expect(attempts.entries == [1, 2, 2])
      #expect(bus.deadLetters.letters.map(\.lastError) == ["the outcome is a failure"])
    }
  }

  @Test func anExpiredEventIsDroppedBeforeItsHandlerRuns() throws {
    let (instants, letters) = try deliveries(.every(.seconds(1)), deadline: Deadline(at: .s(0)))
    #expect(instants == [])
    #expect(letters.map(\.reason) == [.expired])
    #expect(letters.map(\.event.attempt) == [0])
    #expect(letters.map(\.lastError) == [nil])
  }

  @Test func anEventThatWouldBeExpiredIsNotRedelivered() throws {
    let (instants, letters) = try deliveries(
      .every(.seconds(1), maxDeliveries: 9), deadline: Deadline(at: .s(2.5)))
    #expect(instants == [.s(0), .s(1), .s(2)])
    #expect(letters.map(\.reason) == [.expired])
    #expect(letters.map(\.time.description) == ["2000-01-01T00:00:02Z"])
  }

  @Test func anEventThatExpiresBehindAnotherIsNotHandled() throws {
    try Simulation(seed: 3).run { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g") { event in
        handled.append(event.data)
        try await sim.sleep(for: .seconds(5))
      }
      try await bus.running {
        for number in 1...3 {
          try await bus.publish(
            number, as: Topic.number, subject: "a", deadline: number == 2 ? Deadline(at: .s(5)) : .never)
        }
        try await bus.waitUntilIdle()
      }
      #expect(handled.entries == [1, 3])
      #expect(bus.deadLetters.letters.map(\.reason) == [.expired])
    }
  }

  /// An earlier redelivery than the one the timer is set for comes in time.
  @Test func redeliveriesComeInTheOrderTheyAreDue() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<(Int, Instant)>()
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(backoff: .none)) { event in
        if event.attempt == 1 { throw Busy(retryAt: .s(Double(event.data))) }
        handled.append((event.data, sim.now))
      }
      try await bus.running {
        for number in [9, 3, 6, 1] {
          try await bus.publish(number, as: Topic.number)
          try await sim.sleep(for: .milliseconds(1))
        }
        try await bus.waitUntilIdle()
      }
      try sim.require(handled.entries.map(\.0) == [1, 3, 6, 9], "\(handled.entries)")
      try sim.require(handled.entries.allSatisfy { .s(Double($0.0)) == $0.1 }, "\(handled.entries)")
    }
  }

  @Test func row54_eachDeliveryHasAFreshTimeoutWithinTheEventsDeadline() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let deadlines = Log<Deadline>()
      let policy = DeliveryPolicy(
        maxDeliveries: 3, backoff: .constant(.seconds(1), jitter: .none), timeout: .seconds(2))
      try bus.handle(Topic.number, in: "g", policy) { event in
        deadlines.append(CallContext.current.deadline)
        try await sim.sleep(for: .seconds(3))
        throw Broken()
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number, deadline: Deadline(at: .s(9)))
        try await bus.waitUntilIdle()
      }
      // The second begins at 4 s, the third at 8 s.
      #expect(deadlines.entries == [2, 6, 9].map { Deadline(at: .s($0)) })
    }
  }

  @Test func row58_theDeliveriesOfAnEventAreBoundedAlsoWhenItIsPublishedAgain() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Int>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), maxDeliveries: 4)) { event in
        attempts.append(event.attempt)
        // A handler of its own retry topic: it never fails, and never ends either.
        try await bus.publish(event)
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      try sim.require(attempts.entries == [1, 2, 3, 4], "\(attempts.entries)")
      try sim.require(
        bus.deadLetters.letters.map(\.reason) == [.exhausted(deliveries: 4)], "\(bus.deadLetters.letters)")
    }
  }

  @Test(arguments: [-7, .min])
  func row58_aNegativeCountDoesNotBuyDeliveries(count: Int) throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Int>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), maxDeliveries: 2)) { event in
        attempts.append(event.attempt)
        throw Broken()
      }
      var event = try Event(source: "s", type: Topic.number, data: 1)
      event.envelope.attempt = count
      try await bus.publish(event)
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(attempts.entries == [1, 2])
    }
  }

  @Test func aCountPastAnyBoundIsADeadLetter() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in }
      var event = try Event(source: "s", type: Topic.number, data: 1)
      event.envelope.attempt = .max
      try await bus.publish(event)
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(bus.deadLetters.letters.map(\.reason) == [.exhausted(deliveries: .max - 1)])
    }
  }

  @Test func theContextsAttemptEndsAtItsLargestNumber() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<(Int, UInt16)>()
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(maxDeliveries: 100_000)) {
        attempts.append(($0.attempt, 0))
      }
      try bus.subscribe(
        to: Topic.number, group: "h", policy: DeliveryPolicy(maxDeliveries: 100_000),
        handler: EventHandler("h") { (event: Event<Int>, context: CallContext) in
          attempts.append((event.attempt, context.attempt))
        })
      var event = try Event(source: "s", type: Topic.number, data: 1)
      event.envelope.attempt = 70_000
      try await bus.publish(event)
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(attempts.entries.map(\.0) == [70_001, 70_001])
      #expect(attempts.entries.map(\.1).max() == .max)
    }
  }

  @Test func aDeadLetterThatIsRedrivenBeginsAnewWithoutItsDeadline() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let isMended = Box(false)
      let handled = Log<String>()
      for group in ["g", "h"] {
        try bus.handle(Topic.number, in: group, .every(.seconds(1), maxDeliveries: 2)) { event in
          if group == "g", !isMended.value { throw Broken() }
          handled.append("\(group) \(event.data) \(event.attempt) \(event.deadline)")
        }
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number, deadline: Deadline(at: .s(30)))
        try await bus.waitUntilIdle()
        let letter = try #require(bus.deadLetters.letters.first)
        try await sim.sleep(for: .seconds(60))
        #expect(try bus.redrive(letter))
        try await bus.waitUntilIdle()
        #expect(bus.deadLetters.letters.map(\.number) == [2])
        isMended.change { $0 = true }
        #expect(!(try bus.redrive(letter)))
        #expect(try bus.redrive(try #require(bus.deadLetters.letters.first)))
        try await bus.waitUntilIdle()
      }
      #expect(handled.entries == ["h 1 1 30.0s", "g 1 1 never"])
      #expect(bus.deadLetters.count == 0)
      let group = try #require(bus.group("g"))
      #expect((group.enqueued, group.delivered, group.deadLettered) == (3, 1, 2))
    }
  }

  @Test func aLetterOfARemovedGroupCannotBeRedriven() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in }
      try await bus.publish(1, as: Topic.number)
      bus.removeGroup("g", of: Topic.number)
      let letter = try #require(bus.deadLetters.letters.first)
      #expect(!(try bus.redrive(letter)))
      #expect(bus.deadLetters.count == 1)
      try bus.handle(Topic.number, in: "g") { _ in }
      #expect(try bus.redrive(letter))
    }
  }
}
