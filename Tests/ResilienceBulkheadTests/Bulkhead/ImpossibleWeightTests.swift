import ResilienceBulkhead
import ResilienceTestKit
import Testing

/// A weight that an input computes may be anything.
@Suite struct ImpossibleWeightTests {
  private static let limits: [BulkheadLimit] = [
    .fixed(3), .adaptive(AdaptiveLimitPolicy(initial: 2, maximum: 3)),
  ]

  @Test(arguments: limits, [-1, -7, .min, .min + 1, 4, 1_000_000_001, .max - 1, .max])
  func row73_whatIsImpossibleIsATypedErrorThatNamesTheValue(limit: BulkheadLimit, weight: Int) throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("pages", limit: limit, maxWaiting: 5, onEvent: { recorder.record($0) })
      let call = ServiceCall { (_: Int) in }.bulkhead(bulkhead) { BulkheadClaim(weight: $0) }
      let fixed = ServiceCall { (_: Int) in }.bulkhead(bulkhead, weight: weight)
      let error = ImpossibleWeight(bulkhead: "pages", weight: weight, capacity: 3)
      // When it is empty, when it is full, and when somebody waits.
      var permits: [Bool] = []
      for _ in 0..<2 {
        guard case .impossible = bulkhead.tryEnter(weight: weight, at: sim.now) else { throw Broken() }
        await #expect(throws: error) { try await bulkhead.enter(weight: weight).leave(at: sim.now) }
        await #expect(throws: error) { try await bulkhead.run(weight: weight) {} }
        await #expect(throws: error) { try await call(weight) }
        await #expect(throws: error) { try await fixed(1) }
        permits.append(bulkhead.snapshot().inUse == 0)
      }
      #expect(permits == [true, true])
      #expect(error.description.contains("its weight must be in 0 ... 3, was \(weight)"))
      #expect(bulkhead.snapshot().rejected == 10)
      try await whileSomebodyWaits(bulkhead, sim) {
        guard case .impossible = bulkhead.tryEnter(weight: weight, at: sim.now) else { throw Broken() }
        await #expect(throws: error) { try await call(weight) }
      }
      #expect(bulkhead.snapshot().inUse == 0)
    }
    let refusals = recorder.descriptions.filter { $0 == "bulkhead.rejected bulkhead=pages reason=weight" }
    #expect(refusals.count == 12)
  }

  @Test(arguments: limits)
  func row73_whatWeighsNothingIsLetInAtOnceAndTakesNothing(limit: BulkheadLimit) throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("pages", limit: limit, maxWaiting: 5)
      let call = ServiceCall { (_: Int) in bulkhead.snapshot().inUse }
        .bulkhead(bulkhead) { BulkheadClaim(weight: $0) }
      func passes(inUse: Int) async throws {
        guard case .entered(let permit) = bulkhead.tryEnter(weight: 0, at: sim.now) else { throw Broken() }
        #expect(permit.weight == 0)
        permit.leave(at: sim.now)
        if case .entered = bulkhead.tryEnter(weight: 0, at: sim.now) {}
        try await bulkhead.enter(weight: 0).leave(.failure, at: sim.now)
        #expect(try await bulkhead.run(weight: 0) { bulkhead.snapshot().inUse } == inUse)
        #expect(try await call(0) == inUse)
        #expect(bulkhead.snapshot().inUse == inUse)
      }
      try await passes(inUse: 0)
      try await whileSomebodyWaits(bulkhead, sim) { try await passes(inUse: 2) }
      // More is inside than a limit that has shrunk.
      guard case .entered(let permit) = bulkhead.tryEnter(weight: 2, at: sim.now) else { throw Broken() }
      bulkhead.update(.fixed(1))
      try await passes(inUse: 2)
      permit.leave(at: sim.now)
      #expect(bulkhead.snapshot().inUse == 0)
      #expect(bulkhead.snapshot().rejected == 0)
    }
    #expect(recorder.events.isEmpty)
  }

  /// Two units are inside, and one call of two waits.
  private func whileSomebodyWaits(
    _ bulkhead: Bulkhead, _ sim: Simulation, _ body: () async throws -> Void
  ) async throws {
    let permit = try await bulkhead.enter(weight: 2)
    let waiting = Task.immediate(executorPreference: CallContext.current.executor) {
      try await bulkhead.run(weight: 2) {}
    }
    #expect(bulkhead.snapshot().waiting == 1)
    try await body()
    #expect(bulkhead.snapshot().waiting == 1)
    permit.leave(at: sim.now)
    try await waiting.value
  }

  @Test(arguments: [Int.min, -1, 0, 1, .max])
  func row73_aPriorityIsAnyNumber(priority: Int) throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("pages", limit: .fixed(2), maxWaiting: 5)
      try await whileSomebodyWaits(bulkhead, sim) {
        let executor = CallContext.current.executor
        let other = Task.immediate(executorPreference: executor) {
          try await bulkhead.run(priority: priority) {}
        }
        #expect(bulkhead.snapshot().waiting == 2)
        other.cancel()
        _ = await other.result
      }
    }
  }
}
