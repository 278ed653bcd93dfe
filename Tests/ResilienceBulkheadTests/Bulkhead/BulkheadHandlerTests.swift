import ResilienceBulkhead
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct BulkheadHandlerTests {
  @Test func letsThroughNoMoreThanTheLimitAtATime() throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("inventory", limit: .fixed(3), maxWaiting: 100)
      let call = ServiceCall("inventory") { (_: Int) in
        try sim.require(bulkhead.snapshot().inUse <= 3, "too many are inside")
        try await sim.sleep(for: .seconds(1))
      }.bulkhead(bulkhead)
      try await withThrowingDiscardingTaskGroup { group in
        for input in 0..<30 { group.addTask { try await call(input) } }
      }
      #expect(sim.now == .s(10))
      #expect(bulkhead.snapshot().waited == 27)
    }
  }

  @Test func roomComesBackFromAnErrorAndFromACancellation() throws {
    for limit in [BulkheadLimit.fixed(1), .adaptive(AdaptiveLimitPolicy(maximum: 1))] {
      try Simulation(seed: 1).run { sim in
        let bulkhead = Bulkhead("inventory", limit: limit)
        let failing = ServiceCall { (_: Void) in throw Broken() }.bulkhead(bulkhead)
        for _ in 0..<3 { await #expect(throws: Broken.self) { try await failing() } }
        let slow = ServiceCall { (_: Void) in try await sim.sleep(for: .seconds(9)) }.bulkhead(bulkhead)
        let task = Task.immediate(executorPreference: CallContext.current.executor) { try await slow() }
        #expect(bulkhead.snapshot().inUse == 1)
        await #expect(throws: BulkheadFull.self) { try await slow() }
        task.cancel()
        _ = await task.result
        #expect(bulkhead.snapshot().inUse == 0)
      }
    }
  }

  @Test func eachInputHasItsOwnWeightAndPriority() throws {
    struct Job: Sendable {
      var name: String
      var pages: Int
      var isUrgent = false
    }
    let order = Log<String>()
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("printer", limit: .fixed(10), maxWaiting: 10)
      let printing = ServiceCall("printer") { (job: Job) in
        order.append(job.name)
        try await sim.sleep(for: .seconds(1))
      }.bulkhead(bulkhead) { job in BulkheadClaim(weight: job.pages, priority: job.isUrgent ? 1 : 0) }
      try await withThrowingDiscardingTaskGroup { group in
        for job in [
          Job(name: "book", pages: 8), Job(name: "atlas", pages: 9), Job(name: "letter", pages: 2),
          Job(name: "telegram", pages: 10, isUrgent: true),
        ] {
          group.addTask { try await printing(job) }
          try await sim.advance(by: .milliseconds(1))
        }
      }
      await #expect(throws: ImpossibleWeight.self) { try await printing(Job(name: "wall", pages: 11)) }
    }
    #expect(order.entries == ["book", "telegram", "atlas", "letter"])
  }

  @Test func aRejectionIsToldToTheObserverAndIsNeutral() async throws {
    let recorder = EventRecorder()
    let bulkhead = Bulkhead("inventory", limit: .fixed(1))
    let call = ServiceCall("inventory") { (_: Void) in }.bulkhead(bulkhead)
    guard case .entered(let permit) = bulkhead.tryEnter(at: .s(0)) else { throw Broken() }
    let error = BulkheadFull(bulkhead: "inventory", reason: .noRoom, limit: 1, waiting: 0)
    await CallContext.withObserver(recorder) { _ = await #expect(throws: error) { try await call() } }
    #expect(recorder.descriptions == ["bulkhead.rejected bulkhead=inventory reason=no_room"])
    #expect(call.outcome(ofError: error) == .neutral)
    #expect(call.traits.name == "inventory")
    permit.leave(at: .s(0))
  }

  @Test func theTimeOfAWaitIsNotTakenForThePresent() throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("inventory", limit: .fixed(1), maxWaiting: 1)
      let call = ServiceCall { (_: Void, context: CallContext) in
        var known = context
        try sim.require(known.now == sim.now, "the context's time is old")
        try await sim.sleep(for: .seconds(1))
      }.bulkhead(bulkhead)
      try await withThrowingDiscardingTaskGroup { group in
        for _ in 0..<2 { group.addTask { try await call() } }
      }
    }
  }

  /// Face 2: on the caller's actor, with a result that is not `Sendable`.
  @Test func runsInPlace() async throws {
    final class Parcel { var weight = 3 }
    actor Desk {
      var count = 0
      func send(_ bulkhead: Bulkhead) async throws -> Int {
        let parcel = try await bulkhead.run {
          count += 1
          return Parcel()
        }
        return parcel.weight + count
      }
    }
    #expect(try await Desk().send(Bulkhead("desk", limit: .fixed(1))) == 4)
  }

  /// The whole way: a service with workers and a queue, callers that outnumber them, a limit that is learned.
  @Test func learnsWhatAServiceCanBear() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 3).run { sim in
      let service = SimulatedService(
        "inventory", workers: 8, queueLimit: 1000, latency: .exponential(mean: .milliseconds(10))
      ) { (_: Int) in }
      let bulkhead = Bulkhead("inventory", limit: .adaptive(), maxWaiting: 100, onEvent: recorder.record)
      let call = service.bulkhead(bulkhead)
      try await withThrowingDiscardingTaskGroup { group in
        for caller in 0..<60 { group.addTask { for _ in 0..<80 { try await call(caller) } } }
      }
      let snapshot = bulkhead.snapshot()
      #expect((8...12).contains(snapshot.limit))
      let latency = try #require(snapshot.unloadedLatency)
      #expect(latency > .milliseconds(7) && latency < .milliseconds(13))
      #expect(snapshot.metrics.last?.name == "bulkhead_unloaded_latency_seconds")
      #expect(snapshot.inUse == 0)
    }
    #expect(recorder.events.contains { $0.name == "bulkhead.limit_changed" })
  }
}
