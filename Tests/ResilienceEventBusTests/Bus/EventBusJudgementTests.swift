import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What a thrown error means to the bus: whose cancellation it was decides, not the error's type.
@Suite struct EventBusJudgementTests {
  private final class Verdicts: CallObserver {
    let log = Log<Verdict>()

    func attemptEnded(
      _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
    ) {
      log.append(outcome.verdict)
    }
  }

  @Test func row65_aCancellationThatTheShutdownDidNotCauseIsRedelivered() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let verdicts = Verdicts()
      let attempts = Log<Int>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), maxDeliveries: 3)) { event in
        attempts.append(event.attempt)
        // A client that cancels work of its own.
        throw CancellationError()
      }
      try await CallContext.withObserver(verdicts) {
        try await bus.running {
          try await bus.publish(1, as: Topic.number)
          try await bus.waitUntilIdle()
        }
      }
      #expect(attempts.entries == [1, 2, 3])
      #expect(verdicts.log.entries == [.failure, .failure, .failure])
      #expect(bus.deadLetters.letters.map(\.reason) == [.exhausted(deliveries: 3)])
    }
  }

  @Test func row65_theHandlersClassificationIsAskedAboutIt() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("g") { (_: Event<Int>) in throw CancellationError() }
          .classify { result in
            if case .failure(is CancellationError) = result { .success } else { nil }
          }
          .deduplicate(inbox))
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      #expect(bus.group("g")?.delivered == 1)
      #expect(inbox.snapshot().handled == 1)
    }
  }

  @Test func row65_theInboxReleasesTheEventForItsRedelivery() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)),
        handler: EventHandler("g") { (event: Event<Int>) in
          attempts.append(event.attempt)
          if event.attempt == 1 { throw CancellationError() }
        }.deduplicate(Inbox()))
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      #expect(attempts.entries == [1, 2])
    }
  }

  /// What a handler may make of the shutdown, and what its classification may say of that.
  static let endings: [(error: @Sendable () -> any Error, classified: Outcome?)] = [
    ({ CancellationError() }, nil), ({ Broken() }, nil), ({ Broken() }, .success), ({ Broken() }, .failure),
    ({ Broken() }, .failure(.doNotRetry)), ({ Later(pushback: .retryAfter(.seconds(9))) }, nil),
    ({ Busy(retryAt: .s(60)) }, nil),
  ]

  /// With and without a time limit of the delivery that has passed when the shutdown comes.
  @Test(arguments: endings.indices, [nil, Duration.seconds(1)])
  func row66_theShutdownsCancellationGivesTheDeliveryBackWhateverTheError(index: Int, timeout: Duration?)
    throws
  {
    let (error, classified) = Self.endings[index]
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let budget = RetryBudget(ratio: 1, reserve: 5)
      while budget.withdraw() {}
      let verdicts = Verdicts()
      let attempts = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g",
        policy: DeliveryPolicy(maxDeliveries: 1, timeout: timeout), budget: budget,
        handler: EventHandler("g") { (event: Event<Int>) in
          attempts.append(event.attempt)
          guard attempts.entries.count == 1 else { return }
          try? await sim.sleep(for: .seconds(10))
          throw error()
        }.classify { result in (try? result.get()) == nil ? classified : nil })
      try await CallContext.withObserver(verdicts) {
        try await bus.running {
          try await bus.publish(1, as: Topic.number)
          try await sim.sleep(for: .seconds(5))
        }
        #expect(bus.group("g")?.queued == 1)
        #expect(budget.available == 0)
        try await bus.running { try await bus.waitUntilIdle() }
      }
      #expect(attempts.entries == [1, 1])
      #expect(verdicts.log.entries == [.neutral, .success])
      #expect(bus.group("g")?.delivered == 1)
      #expect(budget.available == 1)
    }
  }

  /// The inbox says the same as the bus, or the second delivery would be taken for a duplicate.
  @Test func row66_theInboxReleasesWhatTheShutdownTookBack() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("g") { (event: Event<Int>) in
          attempts.append(event.attempt)
          guard attempts.entries.count == 1 else { return }
          try? await sim.sleep(for: .seconds(10))
          throw Broken()
        }.classify { _ in .success }.deduplicate(Inbox()))
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(5))
      }
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(attempts.entries == [1, 1])
      #expect(bus.group("g")?.delivered == 1)
    }
  }
}
