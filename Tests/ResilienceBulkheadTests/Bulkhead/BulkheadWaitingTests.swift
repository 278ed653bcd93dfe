import ResilienceBulkhead
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct BulkheadWaitingTests {
  enum End: Hashable, Sendable {
    case entered(Instant)
    case cancelled(Instant)
    case rejected(BulkheadFull.Reason, Instant)
  }

  /// A call: it stays inside for a second unless something is said.
  struct Arrival: Sendable {
    var at: Double
    var weight = 1
    var priority = 0
    var stays = 1.0
    var cancelAfter: Double?
    var deadline = Deadline.never
  }

  private func play(
    _ arrivals: [Arrival], limit: Int, maxWaiting: Int = 100, order: BulkheadOrder = .fifo, seed: UInt64 = 1
  ) throws -> [End] {
    try Simulation(seed: seed).run { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(limit), maxWaiting: maxWaiting, order: order)
      let ends = await withTaskGroup { group in
        for (index, arrival) in arrivals.enumerated() {
          group.addTask { (index, await Self.end(of: arrival, bulkhead, sim)) }
        }
        return await group.reduce(into: [Int: End]()) { $0[$1.0] = $1.1 }
      }
      let snapshot = bulkhead.snapshot()
      #expect(snapshot.waiting == 0)
      #expect(snapshot.inUse == 0)
      return arrivals.indices.compactMap { ends[$0] }
    }
  }

  private static func end(of arrival: Arrival, _ bulkhead: Bulkhead, _ sim: Simulation) async -> End {
    try? await sim.sleep(for: .seconds(arrival.at))
    return await withTaskGroup { group in
      group.addTask { await attempt(arrival, bulkhead, sim) }
      if let delay = arrival.cancelAfter {
        try? await sim.sleep(for: .seconds(delay))
        group.cancelAll()
      }
      return await group.next() ?? .cancelled(sim.now)
    }
  }

  private static func attempt(_ arrival: Arrival, _ bulkhead: Bulkhead, _ sim: Simulation) async -> End {
    do {
      let permit = try await bulkhead.enter(
        weight: arrival.weight, priority: arrival.priority, deadline: arrival.deadline)
      let now = sim.now
      try? await sim.sleep(for: .seconds(arrival.stays))
      permit.leave(at: sim.now)
      return .entered(now)
    } catch let error as BulkheadFull {
      return .rejected(error.reason, sim.now)
    } catch {
      return .cancelled(sim.now)
    }
  }

  /// One call a hundredth of a second.
  private func arrivals(_ count: Int) -> [Arrival] {
    (0..<count).map { Arrival(at: Double($0) / 100) }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func waitersGoInInTheOrderOfArrival(seed: UInt64) throws {
    let ends = try play(arrivals(5), limit: 1, seed: seed)
    #expect(ends == (0..<5).map { End.entered(.s(Double($0))) })
  }

  /// The queue counts calls, whatever they weigh.
  @Test func row67_aWeightWithinTheLimitAlwaysFitsAnEmptyQueue() throws {
    let line = [
      Arrival(at: 0), Arrival(at: 0.01, weight: 1000), Arrival(at: 0.02), Arrival(at: 1.5, weight: 1000),
    ]
    let ends = try play(line, limit: 1000, maxWaiting: 1)
    #expect(ends == [.entered(.s(0)), .entered(.s(1)), .rejected(.queueFull, .s(0.02)), .entered(.s(2))])
  }

  @Test func withLIFOTheNewestGoesInFirst() throws {
    let ends = try play(arrivals(4), limit: 1, order: .lifo)
    #expect(ends == [0, 3, 2, 1].map { End.entered(.s($0)) })
  }

  @Test func withNoQueueNobodyWaits() throws {
    let ends = try play(arrivals(3), limit: 2, maxWaiting: 0)
    #expect(ends == [.entered(.s(0)), .entered(.s(0.01)), .rejected(.noRoom, .s(0.02))])
  }

  @Test func aFullQueueTurnsAwayOrDisplaces() throws {
    var line = arrivals(5)
    line[4].priority = 1
    let ends = try play(line, limit: 1, maxWaiting: 2)
    #expect(
      ends == [
        .entered(.s(0)), .entered(.s(2)), .rejected(.displaced, .s(0.04)), .rejected(.queueFull, .s(0.03)),
        .entered(.s(1)),
      ])
  }

  @Test func aHigherPriorityIsLetInPastAHeavyHeadThatHasNoRoom() throws {
    let line = [
      Arrival(at: 0, weight: 3), Arrival(at: 0.1, weight: 3), Arrival(at: 0.2, priority: 1),
      Arrival(at: 0.3),
    ]
    let ends = try play(line, limit: 4)
    #expect(ends == [.entered(.s(0)), .entered(.s(1)), .entered(.s(0.2)), .entered(.s(1.2))])
  }

  @Test func aWaitEndsAtItsDeadline() throws {
    var line = arrivals(3)
    line[1].deadline = Deadline(at: .s(0.5))
    line[2].deadline = Deadline(at: .s(0.02))
    let ends = try play(line, limit: 1)
    #expect(ends == [.entered(.s(0)), .rejected(.deadline, .s(0.5)), .rejected(.deadline, .s(0.02))])
  }

  @Test func theDeadlineOfTheCallHoldsAndLeavesNoTimerBehind() async throws {
    let clock = ManualClock()
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 5)
      let call = ServiceCall { (_: Void) in }.bulkhead(bulkhead)
      guard case .entered(let permit) = bulkhead.tryEnter(at: .s(0)) else { throw Broken() }
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: .s(60)))
      let tightened = context
      let waiting = Task { try await call.handle((), context: tightened) }
      try await clock.waitForSleepers(1)
      permit.leave(at: .s(0))
      try await waiting.value
      #expect(clock.sleeperCount == 0)
    }
  }

  /// The first of six is inside, the others wait; the one at `index` gives up.
  @Test(arguments: [1, 3, 5])
  func row36_whenAWaiterGivesUpItsSuccessorsMoveUp(index: Int) throws {
    var line = arrivals(6)
    line[index].cancelAfter = 0.5
    let ends = try play(line, limit: 1)
    let expected = (0..<6).map { waiter -> End in
      if waiter == index { return .cancelled(.s(0.5 + Double(index) / 100)) }
      return .entered(.s(Double(waiter < index ? waiter : waiter - 1)))
    }
    #expect(ends == expected)
  }

  @Test func row37_aCancelledWaiterFreesItsPlaceAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 1)
      let permit = try await bulkhead.enter()
      let executor = CallContext.current.executor
      let first = Task.immediate(executorPreference: executor) { try await bulkhead.run {} }
      #expect(bulkhead.snapshot().waiting == 1)
      first.cancel()
      // Before the cancelled task has run again.
      #expect(bulkhead.snapshot().waiting == 0)
      let second = Task.immediate(executorPreference: executor) { try await bulkhead.run {} }
      #expect(bulkhead.snapshot().waiting == 1)
      permit.leave(at: sim.now)
      try await second.value
      await #expect(throws: CancellationError.self) { try await first.value }
      #expect(bulkhead.snapshot().cancelled == 1)
    }
  }

  @Test func row37_aCancelledHeavyHeadDoesNotBlockTheSmallOnesBehind() throws {
    let line = [
      Arrival(at: 0, weight: 2), Arrival(at: 0.1, weight: 4, cancelAfter: 0.4), Arrival(at: 0.2),
      Arrival(at: 0.3),
    ]
    let ends = try play(line, limit: 4)
    #expect(ends == [.entered(.s(0)), .cancelled(.s(0.5)), .entered(.s(0.5)), .entered(.s(0.5))])
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func row39_permitsAreConservedUnderCancellationsTimeoutsAndDepartures(seed: UInt64) throws {
    let random = SeededRandomSource(seed: seed)
    let line = (0..<25).map { index in
      // Coarse, so that arrivals, departures, cancellations and deadlines fall on the same instants.
      let at = Double(random.next(below: 20)) / 2
      return Arrival(
        at: at, weight: 1 + random.next(below: 3), priority: random.next(below: 2),
        stays: Double(random.next(below: 4)) / 2,
        cancelAfter: random.next(below: 3) == 0 ? Double(random.next(below: 6)) / 2 : nil,
        deadline: random.next(below: 3) == 0
          ? Deadline(at: .s(at + Double(random.next(below: 6)) / 2)) : .never)
    }
    let ends = try play(line, limit: 3, maxWaiting: 6, order: seed % 2 == 0 ? .fifo : .lifo, seed: seed)
    #expect(ends.count == line.count)
    #expect(ends.contains { if case .entered = $0 { true } else { false } })
  }

  /// Who waits at `cancelled` is cancelled while the room is handed over: in every order of the two.
  @Test(arguments: [0, 1, 2])
  func row40_aGrantThatRacesACancellationIsNotLost(cancelled: Int) throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 20_000) { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 3)
      let entered = Log<Int>()
      let executor = CallContext.current.executor
      let occupant = Task.immediate(executorPreference: executor) {
        try await bulkhead.run { try await sim.sleep(for: .seconds(1)) }
      }
      let waiters = (0..<3).map { index in
        Task.immediate(executorPreference: executor) {
          try await bulkhead.run { entered.append(index) }
        }
      }
      try sim.require(bulkhead.snapshot().waiting == 3, "not everybody waits")
      try await sim.sleep(for: .seconds(1))
      waiters[cancelled].cancel()
      try await occupant.value
      for waiter in waiters { _ = await waiter.result }
      let others = [0, 1, 2].filter { $0 != cancelled }
      try sim.require(
        entered.entries.filter { $0 != cancelled } == others, "some were left waiting: \(entered.entries)")
      let snapshot = bulkhead.snapshot()
      try sim.require(snapshot.inUse == 0 && snapshot.waiting == 0, "a permit was lost")
    }
    #expect(exploration.isComplete)
  }

  /// The same with the deadline, whose timer may fire before and after the room is handed over.
  @Test func row40_aGrantThatRacesADeadlineIsNotLost() throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 20_000) { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 2)
      let permit = try await bulkhead.enter()
      let executor = CallContext.current.executor
      let late = Task.immediate(executorPreference: executor) {
        let permit = try await bulkhead.enter(deadline: Deadline(at: .s(1)))
        permit.leave(at: .s(1))
      }
      let patient = Task.immediate(executorPreference: executor) { try await bulkhead.run {} }
      try await sim.sleep(for: .seconds(1))
      permit.leave(at: sim.now)
      _ = await late.result
      try await patient.value
      let snapshot = bulkhead.snapshot()
      try sim.require(snapshot.inUse == 0 && snapshot.waiting == 0, "a permit was lost")
    }
    #expect(exploration.isComplete)
  }

  @Test func row40_aTaskThatWasCancelledBeforeItCameNeitherWaitsNorDisplaces() throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 1, order: .lifo)
      let permit = try await bulkhead.enter()
      let executor = CallContext.current.executor
      let waiter = Task.immediate(executorPreference: executor) { try await bulkhead.run {} }
      let late = Task.immediate(executorPreference: executor) {
        withUnsafeCurrentTask { $0?.cancel() }
        try await bulkhead.run {}
      }
      await #expect(throws: CancellationError.self) { try await late.value }
      #expect(bulkhead.snapshot().waiting == 1)
      permit.leave(at: sim.now)
      try await waiter.value
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func row41_allWaitersProgress(seed: UInt64) throws {
    let ends = try play((0..<40).map { _ in Arrival(at: 0) }, limit: 3, seed: seed)
    let times = ends.compactMap { if case .entered(let at) = $0 { at } else { nil } }.sorted()
    #expect(times == (0..<40).map { .s(Double($0 / 3)) })
  }

  @Test func row57_waitingIsCancellableAndLeavesNoTimer() async throws {
    let clock = ManualClock()
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 5)
      guard case .entered(let permit) = bulkhead.tryEnter(at: .s(0)) else { throw Broken() }
      let waiting = Task { try await bulkhead.enter(deadline: Deadline(at: .s(60))).leave(at: .s(0)) }
      try await clock.waitForSleepers(1)
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      #expect(clock.sleeperCount == 0)
      permit.leave(at: .s(0))
    }
  }

  @Test func aHigherLimitLetsWaitersIn() throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 10)
      let entered = Log<Int>()
      await withTaskGroup { group in
        for index in 0..<5 {
          group.addTask {
            try? await bulkhead.run {
              entered.append(index)
              try await sim.sleep(for: .seconds(10))
            }
          }
        }
        try? await sim.advance(by: .seconds(1))
        #expect(entered.entries.count == 1)
        bulkhead.update(.fixed(3))
        try? await sim.advance(by: .seconds(1))
        #expect(entered.entries.count == 3)
        bulkhead.update(.adaptive(AdaptiveLimitPolicy(initial: 4)))
        try? await sim.advance(by: .seconds(1))
        #expect(entered.entries.count == 4)
      }
      #expect(bulkhead.snapshot().inUse == 0)
    }
  }

  @Test func tellsOfAWaitInOrder() throws {
    let recorder = EventRecorder()
    _ = try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 2, onEvent: { recorder.record($0) })
      await withTaskGroup { group in
        for index in 0..<4 {
          let deadline = index == 2 ? Deadline(at: .s(1.5)) : .never
          group.addTask {
            await Self.attempt(Arrival(at: 0, priority: -index, deadline: deadline), bulkhead, sim)
          }
          try? await sim.advance(by: .milliseconds(1))
        }
        await group.waitForAll()
      }
    }
    #expect(
      recorder.descriptions == [
        "bulkhead.queued bulkhead=line weight=1 priority=-1",
        "bulkhead.queued bulkhead=line weight=1 priority=-2",
        "bulkhead.rejected bulkhead=line reason=queue_full",
        "bulkhead.entered bulkhead=line waited_seconds=0.999",
        "bulkhead.gave_up bulkhead=line reason=deadline waited_seconds=1.498",
      ])
  }
}
