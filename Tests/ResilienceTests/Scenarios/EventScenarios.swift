import Resilience
import ResilienceTestKit
import Testing

private struct OrderPlaced: Sendable {
  var number: Int
}

private struct Interrupted: Error {}

private let orderPlaced = EventType<OrderPlaced>("order_placed")
private let policy = DeliveryPolicy(maxDeliveries: 4, backoff: .constant(.seconds(1)), parallelism: 2)

/// Runs a bus, publishes with `body`, and returns when everything has been handled or given up.
private func settle(_ bus: EventBus, _ body: nonisolated(nonsending) () async throws -> Void) async throws {
  try await withThrowingTaskGroup { group in
    group.addTask { try await bus.run() }
    try await body()
    try await bus.waitUntilIdle()
    group.cancelAll()
  }
}

/// **A poison event.**
///
/// One event in the queue makes the handler fail whenever it comes. Redelivered for ever it blocks what is
/// behind it; acknowledged to be rid of it, it is lost. It belongs into the dead letters, with its reason,
/// and the rest goes on.
@Suite struct PoisonEventScenario {
  @Test func itEndsInTheDeadLettersAndTheRestGoesOnInOrder() throws {
    try Simulation.explore(seeds: 0..<50) { simulation in
      let bus = EventBus(source: "test")
      let handled = Log<Int>()
      try bus.subscribe(
        to: orderPlaced, group: "billing", policy: policy,
        handler: EventHandler("bill") { (event: Event<OrderPlaced>) in
          if event.data.number == 3 { throw PoisonEvent("no items") }
          if event.data.number == 5, event.attempt < 3 { throw CancellationError() }
          handled.append(event.data.number)
        })
      try await settle(bus) {
        for number in 1...8 {
          try await bus.publish(OrderPlaced(number: number), as: orderPlaced, subject: "customer")
        }
      }
      try simulation.require(handled.entries == [1, 2, 4, 5, 6, 7, 8], "handled \(handled.entries)")
      let letters = bus.deadLetters.letters.map { ($0.reason, $0.lastError?.contains("no items")) }
      try simulation.require(letters.count == 1 && letters[0] == (.poison, true), "dead letters: \(letters)")
    }
  }
}

/// **A duplicate delivery.**
///
/// Brokers deliver at least once, and publishers publish again when they did not hear that the first time had
/// worked. The customer pays once.
@Suite struct DuplicateDeliveryScenario {
  @Test func theHandlerRunsOnceHoweverTheCopiesInterleave() throws {
    try Simulation.explore(seeds: 0..<100) { simulation in
      let bus = EventBus(source: "test")
      let charged = Log<Int>()
      try bus.subscribe(
        to: orderPlaced, group: "payment",
        policy: DeliveryPolicy(maxDeliveries: 10, backoff: .constant(.milliseconds(100)), parallelism: 4),
        handler: EventHandler("charge") { (event: Event<OrderPlaced>) in
          try await simulation.sleep(for: .milliseconds(Int64(CallContext.current.random() % 50)))
          // The first delivery fails half of the time: it must not count as handled.
          if event.attempt == 1, CallContext.current.random() % 2 == 0 {
            throw Interrupted()
          }
          charged.append(event.data.number)
        }.deduplicate(Inbox()))
      try await settle(bus) {
        for number in 1...5 {
          let event = try Event(
            id: "order-\(number)", source: "shop", type: orderPlaced, data: OrderPlaced(number: number))
          for _ in 0..<3 { try await bus.publish(event) }
        }
      }
      try simulation.require(
        charged.entries.sorted() == [1, 2, 3, 4, 5], "charged \(charged.entries.sorted())")
      try simulation.require(bus.deadLetters.count == 0, "dead letters: \(bus.deadLetters.letters)")
    }
  }
}

/// **A consumer that crashes between handling and acknowledging.**
///
/// The work is done, the process dies before it says so, and the event comes again. Without an inbox the work
/// is done twice; with one that marks events before they are handled, it would be lost in the opposite case.
@Suite struct ConsumerCrashScenario {
  private static func chargesAfterACrash(deduplicates: Bool, seed: UInt64) throws -> Int {
    try Simulation(seed: seed).run { simulation in
      let bus = EventBus(source: "test")
      let charged = Log<Int>()
      let inbox = Inbox()
      let handler = EventHandler("charge") { (event: Event<OrderPlaced>) in charged.append(event.data.number)
      }
      let crashing: @Sendable (AnyHandler<Event<OrderPlaced>, Void>) -> AnyHandler<Event<OrderPlaced>, Void> =
        { inner in
          AnyHandler(
            ServiceCall { (event: Event<OrderPlaced>) in
              try await inner(event)
              // The crash: the handler has succeeded, and the acknowledgement never leaves.
              if event.attempt == 1 { throw Interrupted() }
            })
        }
      try bus.subscribe(
        to: orderPlaced, group: "payment", policy: policy,
        handler: crashing(deduplicates ? AnyHandler(handler.deduplicate(inbox)) : AnyHandler(handler)))
      try await settle(bus) { try await bus.publish(OrderPlaced(number: 1), as: orderPlaced) }
      return charged.entries.count
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func theInboxMakesTheSecondDeliveryHarmless(seed: UInt64) throws {
    #expect(try Self.chargesAfterACrash(deduplicates: false, seed: seed) == 2)
    #expect(try Self.chargesAfterACrash(deduplicates: true, seed: seed) == 1)
  }
}
