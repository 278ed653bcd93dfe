import ResilienceBulkhead
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Who waits when its time is up was never begun: it is refused, whoever ends the wait.
@Suite struct QueueDeadlineTests {
  private typealias Waiting = Task<Void, any Error>

  /// A wait with a deadline of 1 s, which somebody cancels at `instant`; the other's timer was set before its
  /// own or after.
  private func result(
    cancelledAt instant: Instant, setsFirst: Bool, _ bulkhead: Bulkhead, _ sim: Simulation
  ) async throws -> Result<Void, any Error> {
    let tasks = Log<Waiting>()
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: .s(1)))
    let (tightened, clock) = (context, context.clock)
    let call = ServiceCall { (_: Void) in }.bulkhead(bulkhead)
    let cancel = { _ = clock.schedule(at: instant) { for task in tasks.entries { task.cancel() } } }
    if setsFirst { cancel() }
    let task = Waiting.immediate(executorPreference: context.executor) {
      try await call.handle((), context: tightened)
    }
    tasks.append(task)
    if !setsFirst { cancel() }
    return await task.result
  }

  @Test(arguments: [true, false])
  func row64_aWaitThatIsCancelledAtItsDeadlineIsARefusal(setsFirst: Bool) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 2)
      let permit = try await bulkhead.enter()
      let result = try await result(cancelledAt: .s(1), setsFirst: setsFirst, bulkhead, sim)
      let full = BulkheadFull(bulkhead: "line", reason: .deadline, limit: 1, waiting: 0)
      try sim.require(result.error as? BulkheadFull == full, "\(result)")
      try sim.require(sim.now == .s(1), "it ended at \(sim.now)")
      let snapshot = bulkhead.snapshot()
      try sim.require((snapshot.rejected, snapshot.cancelled, snapshot.waiting) == (1, 0, 0), "\(snapshot)")
      permit.leave(at: sim.now)
    }
    #expect(exploration.isComplete)
  }

  @Test(arguments: [true, false])
  func row64_aWaitThatIsCancelledBeforeItsDeadlineIsACancellation(setsFirst: Bool) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 2)
      let permit = try await bulkhead.enter()
      let result = try await result(cancelledAt: .ns(999_999_999), setsFirst: setsFirst, bulkhead, sim)
      try sim.require(result.error is CancellationError, "\(result)")
      let snapshot = bulkhead.snapshot()
      try sim.require((snapshot.rejected, snapshot.cancelled, snapshot.waiting) == (0, 1, 0), "\(snapshot)")
      permit.leave(at: sim.now)
    }
    #expect(exploration.isComplete)
  }

  /// Room that comes free at the very deadline is for the next: nobody begins what nobody waits for.
  @Test func row64_roomAtTheDeadlineComesTooLate() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 2)
      let executor = CallContext.current.executor
      // Its timer is set before that of the deadline.
      let occupant = Task.immediate(executorPreference: executor) {
        try await bulkhead.run { try await sim.sleep(for: .seconds(1)) }
      }
      let late = Task.immediate(executorPreference: executor) {
        try await bulkhead.enter(deadline: Deadline(at: .s(1))).leave(at: .s(1))
      }
      let patient = Task.immediate(executorPreference: executor) { try await bulkhead.run { sim.now } }
      try await occupant.value
      let result = await late.result
      try sim.require((result.error as? BulkheadFull)?.reason == .deadline, "\(result)")
      let enteredAt = try await patient.value
      try sim.require(enteredAt == .s(1), "the next went in at \(enteredAt)")
      try sim.require(bulkhead.snapshot().inUse == 0, "room was lost")
    }
    #expect(exploration.isComplete)
  }

  /// It does not even take a place.
  @Test(arguments: [false, true])
  func row64_whoComesCancelledAndTooLateIsRefused(isLate: Bool) throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("line", limit: .fixed(1), maxWaiting: 2, onEvent: { recorder.record($0) })
      let permit = try await bulkhead.enter()
      let result = await Task.immediate(executorPreference: CallContext.current.executor) {
        withUnsafeCurrentTask { $0?.cancel() }
        try await bulkhead.enter(deadline: Deadline(at: isLate ? .s(0) : .s(1))).leave(at: .s(0))
      }.result
      #expect((result.error is CancellationError) == !isLate)
      #expect(((result.error as? BulkheadFull)?.reason == .deadline) == isLate)
      #expect(bulkhead.snapshot().rejected == (isLate ? 1 : 0))
      permit.leave(at: sim.now)
    }
    #expect(recorder.descriptions == (isLate ? ["bulkhead.rejected bulkhead=line reason=deadline"] : []))
  }
}

extension Result {
  fileprivate var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}
