import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// On the runtime's own threads, where a simulation has one: what only real parallelism shows, above all
/// under ThreadSanitizer.
@Suite struct EventBusParallelTests {
  @Test func nothingIsLostOrReorderedOnManyThreads() async throws {
    let (publishers, each) = (8, 100)
    let recorder = EventRecorder()
    let bus = EventBus(source: "tests") { recorder.record($0) }
    let handled = Log<(subject: String, number: Int)>()
    let policy = DeliveryPolicy(maxDeliveries: 3, backoff: .none, parallelism: 3)
    @Sendable func subscribe() throws -> Subscription {
      try bus.handle(Topic.number, in: "g", policy) { event in
        await Task.yield()
        if event.attempt == 1, event.data.isMultiple(of: 3) { throw Broken() }
        handled.append((event.subject ?? "", event.data))
      }
    }
    _ = try subscribe()
    try await bus.running {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for publisher in 0..<publishers {
          tasks.addTask {
            for number in 0..<each {
              try await bus.publish(number, as: Topic.number, subject: "p\(publisher)")
              if number.isMultiple(of: 10) { await Task.yield() }
            }
          }
        }
        tasks.addTask {
          for _ in 0..<50 {
            let subscription = try subscribe()
            await Task.yield()
            subscription.cancel()
            #expect(bus.snapshot().groups.count == 1)
          }
        }
        try await tasks.waitForAll()
      }
      try await bus.waitUntilIdle()
    }
    for publisher in 0..<publishers {
      #expect(handled.entries.filter { $0.subject == "p\(publisher)" }.map(\.number) == Array(0..<each))
    }
    let group = try #require(bus.group("g"))
    #expect((group.enqueued, group.delivered, group.outstanding) == (800, 800, 0))
    #expect(recorder.events.count { $0.name == "event_bus.delivered" } == 800)
    #expect(bus.deadLetters.count == 0)
  }

  @Test func requestsAndShutdownsOnManyThreadsLeaveNothing() async throws {
    let bus = EventBus(source: "tests")
    let inbox = Inbox()
    try bus.respond(
      to: Topic.number, with: Topic.answer, group: "g",
      policy: DeliveryPolicy(backoff: .none, parallelism: 4),
      handler: ServiceCall("g") { (event: Event<Int>) in
        _ = try await inbox.run(InboxKey(event.envelope)) { await Task.yield() }
        try Task.checkCancellation()
        return "\(event.data)"
      })
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for asker in 0..<8 {
        tasks.addTask {
          for number in 0..<25 {
            let reply = try await bus.request(
              asker * 100 + number, as: Topic.number, expecting: Topic.answer, timeout: .seconds(600))
            #expect(reply == "\(asker * 100 + number)")
          }
        }
      }
      for _ in 0..<20 {
        try await bus.running { for _ in 0..<20 { await Task.yield() } }
      }
      try await bus.running { try await tasks.waitForAll() }
    }
    #expect(bus.snapshot().pendingRequests == 0)
    #expect(bus.snapshot().outstanding == 0)
    #expect(bus.group("g")?.delivered == 200)
    #expect(inbox.snapshot().handled == 200)
  }
}
