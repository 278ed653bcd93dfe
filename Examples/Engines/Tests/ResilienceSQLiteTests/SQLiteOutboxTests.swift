import Foundation
import GRDB
import Resilience
import ResilienceSQLite
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct SQLiteOutboxTests {
  /// Polls so seldom that only a commit of this process can tell it.
  private let outbox = SQLiteOutbox(source: "/test", pollInterval: .seconds(3600))

  private func pending(_ database: DatabasePool) async throws -> Int {
    try await database.read { try outbox.pendingCount(in: $0) }
  }

  private func expectPending(_ count: Int, _ database: DatabasePool) async throws {
    let pending = try await pending(database)
    #expect(pending == count)
  }

  private func waitUntilEmpty(_ database: DatabasePool) async throws {
    while try await pending(database) > 0 { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test func anEventIsPublishedIfItsTransactionCommits() async throws {
    struct Failed: Error {}
    try await withDatabase(outbox) { database in
      let broker = ScriptedBroker()
      try await withRelay(outbox, database, to: broker) {
        await #expect(throws: Failed.self) {
          try await database.write { db in
            try outbox.publish(Order(number: 1), as: .placed, in: db)
            throw Failed()
          }
        }
        try await database.write { db in
          try outbox.publish(Order(number: 2), as: .placed, subject: "a", in: db)
        }
        try await broker.wait { !$0.isEmpty }
        try await waitUntilEmpty(database)
        #expect(broker.numbers == [2])
        let event = try #require(broker.stored.first)
        #expect(event.source == "/test" && event.subject == "a" && event.type == "order_placed")
      }
    }
  }

  @Test func anEventOfNoTransactionIsRefused() async throws {
    try await withDatabase(outbox) { database in
      let error = await #expect(throws: OutsideTransaction.self) {
        try await database.writeWithoutTransaction { db in
          try outbox.publish(Order(number: 1), as: .placed, in: db)
        }
      }
      #expect(error?.description.hasPrefix("the event order_placed") == true)
      try await expectPending(0, database)
    }
  }

  @Test func theTraceGoesAlong() async throws {
    try await withDatabase(outbox) { database in
      var context = CallContext.current
      context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
      let traced = context
      try await database.write { db in
        try outbox.publish(Order(number: 1), as: .placed, in: db, context: traced)
      }
      let json = try await database.read { try Data.fetchOne($0, sql: "SELECT event FROM outbox") }
      let event = try EncodedEvent(json: Array(try #require(json)))
      #expect(event["traceparent"]?.description == "00-00000000000000010000000000000002-0000000000000003-01")
    }
  }

  @Test func whatFailsIsTriedAgainAndTheOrderIsKept() async throws {
    try await withDatabase(outbox) { database in
      let broker = ScriptedBroker { call, _ in call % 2 == 1 ? Down() : nil }
      try await database.place(0..<250, outbox)
      try await withRelay(outbox, database, to: broker) {
        try await database.place(250..<300, outbox)
        try await broker.wait { $0.count >= 300 }
        try await waitUntilEmpty(database)
      }
      #expect(broker.numbers == Array(0..<300))
    }
  }

  /// Published, and the note of it lost.
  @Test func whatMayHaveBeenPublishedIsPublishedAgainUnderTheSameID() async throws {
    try await withDatabase(outbox) { database in
      let broker = ScriptedBroker(isStoredAllTheSame: true) { call, _ in call == 1 ? Down() : nil }
      try await database.place(0..<3, outbox)
      try await withRelay(outbox, database, to: broker) { try await broker.wait { $0.count >= 6 } }
      #expect(broker.numbers == [0, 1, 2, 0, 1, 2])
      #expect(Set(broker.stored.map(\.id)).count == 3)
    }
  }

  @Test func whatIsRefusedForGoodIsSetAsideAndTheOthersGoOn() async throws {
    let told = Mutex<[String]>([])
    let outbox = SQLiteOutbox(source: "/test", pollInterval: .seconds(3600)) { event in
      told.withLock { $0.append("\(event.name) \(event.kind)") }
    }
    let isRepaired = Mutex(false)
    try await withDatabase(outbox) { database in
      let broker = ScriptedBroker { _, events in
        let isBad = events.contains { (try? $0.event(as: .placed).data.number) == 2 }
        return isBad && !isRepaired.withLock { $0 } ? Refused() : nil
      }
      try await database.place(0..<5, outbox)
      try await withRelay(outbox, database, to: broker) {
        try await broker.wait { $0.count >= 4 }
        try await waitUntilEmpty(database)
        #expect(broker.numbers == [0, 1, 3, 4])
        let refused = try await database.read { try outbox.refused(in: $0) }
        #expect(refused.map(\.reason) == ["too large"])
        let event = try #require(refused.first?.event).event(as: .placed)
        #expect(event.data == Order(number: 2))
        #expect(told.withLock { $0 } == [#"outbox.refused refused(number: 3, error: "too large")"#])
        isRepaired.withLock { $0 = true }
        #expect(try await database.write { try outbox.retryRefused(in: $0) } == 1)
        try await broker.wait { $0.count >= 5 }
      }
      #expect(broker.numbers == [0, 1, 3, 4, 2])
    }
  }

  /// While a batch is under way: what is retried has a lower number than what has just been published.
  @Test func whatIsRetriedDuringAPublicationIsNotRemovedWithIt() async throws {
    try await withDatabase(outbox) { database in
      try await database.place(0..<1, outbox)
      try await database.write { db in try db.execute(sql: "UPDATE outbox SET refusal = 'x'") }
      try await database.place(1..<2, outbox)
      let outbox = outbox
      let broker = ScriptedBroker { call, _ in
        if call == 1 { _ = try? database.unsafeReentrantWrite { try outbox.retryRefused(in: $0) } }
        return nil
      }
      try await withRelay(outbox, database, to: broker) { try await broker.wait { $0.count >= 2 } }
      #expect(broker.numbers == [1, 0])
    }
  }

  /// Whoever wrote it.
  @Test func whatIsNoEventIsSetAside() async throws {
    try await withDatabase(outbox) { database in
      try await database.place(0..<1, outbox)
      try await database.write { db in
        for value in ["'{}'", "x'00ff'", "7", "''", "'[1]'", "1e300"] {
          try db.execute(sql: "INSERT INTO outbox (event) VALUES (\(value))")
        }
      }
      try await database.place(1..<2, outbox)
      let broker = ScriptedBroker()
      try await withRelay(outbox, database, to: broker) { try await broker.wait { $0.count >= 2 } }
      #expect(broker.numbers == [0, 1])
      let refused = try await database.read { try outbox.refused(in: $0) }
      #expect(refused.count == 6 && refused.allSatisfy { $0.event == nil && !$0.reason.isEmpty })
      let number = try #require(refused.first?.number)
      #expect(try await database.write { try outbox.removeRefused(number, in: $0) })
      #expect(try await !database.write { try outbox.removeRefused(number, in: $0) })
    }
  }

  @Test func oneRelayPublishesAndAnotherGoesOnWhenItHasEnded() async throws {
    let outbox = SQLiteOutbox(source: "/test", pollInterval: .milliseconds(20))
    try await withDatabase(outbox) { database in
      let (first, second) = (ScriptedBroker(), ScriptedBroker())
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        try await withRelay(outbox, database, to: first) {
          try await database.place(0..<1, outbox)
          try await first.wait { $0.count >= 1 }
          // It runs until it is cancelled, as below.
          tasks.addTask { try await outbox.run(database, publishingTo: second) }
          try await database.place(1..<50, outbox)
          try await first.wait { $0.count >= 50 }
        }
        try await database.place(50..<60, outbox)
        try await second.wait { $0.count >= 10 }
        tasks.cancelAll()
      }
      #expect(first.numbers == Array(0..<50))
      #expect(second.numbers == Array(50..<60))
    }
  }

  /// A bus gets them one by one, and those before the one that fails are not published again.
  @Test func aBusGetsThemOneByOne() async throws {
    try await withDatabase(outbox) { database in
      let broker = ScriptedBroker { call, _ in call == 4 ? Down() : nil }
      let bus = EventBus(source: "/test", broker: broker)
      try await database.place(0..<10, outbox)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        // It runs until it is cancelled, as below.
        tasks.addTask { try await outbox.run(database, publishingTo: bus) }
        try await broker.wait { $0.count >= 10 }
        tasks.cancelAll()
      }
      #expect(broker.numbers == Array(0..<10))
    }
  }

  @Test func aBrokerThatHangsIsGivenUp() async throws {
    let told = Mutex<[String]>([])
    let outbox = SQLiteOutbox(source: "/test", timeout: .milliseconds(50)) { event in
      told.withLock { $0.append("\(event.attributes.last.map { "\($0.value)" } ?? "")") }
    }
    try await withDatabase(outbox) { database in
      try await database.place(0..<1, outbox)
      let hanging = HangingBroker()
      try await withRelay(outbox, database, to: hanging) {
        while told.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
      }
      #expect(
        told.withLock { $0.first }?.contains("timed out after 50 ms") == true, "\(told.withLock { $0 })")
      try await expectPending(1, database)
    }
  }

  @Test func howLongIsWaitedAfterAFailureCanBeSaid() async throws {
    let told = Mutex(0)
    // By default a hundred failures take a quarter of an hour.
    let outbox = SQLiteOutbox(
      source: "/test", timeout: .milliseconds(1), backoff: .constant(.milliseconds(1), jitter: .none)
    ) { _ in told.withLock { $0 += 1 } }
    try await withDatabase(outbox) { database in
      try await database.place(0..<1, outbox)
      let end = ContinuousClock.now + .seconds(10)
      try await withRelay(outbox, database, to: HangingBroker()) {
        while told.withLock({ $0 < 100 }), ContinuousClock.now < end {
          // The relay's lock and SQLite are the system's: the relay runs on the real clock.
          try await Task.sleep(for: .milliseconds(5))
        }
      }
      #expect(told.withLock { $0 } >= 100)
    }
  }

  private struct HangingBroker: EventBroker {
    func publish(_ events: [EncodedEvent]) async throws { try await Task.sleep(for: .seconds(3600)) }
    func join(_ group: BrokerGroup) async throws -> any BrokerConsumer { throw ScriptedBroker.Unused() }
    func removeGroup(_ name: String) async throws -> Bool { false }
    func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
      []
    }
    func removeDeadLetter(_ id: String) async throws -> Bool { false }
    func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool { false }
  }
}
