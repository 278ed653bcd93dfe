import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceFallback

/// In which order callers get the shared answer, and how urgent the execution is.
@Suite struct CoalescingOrderTests {
  /// Runs jobs one after the other, in the order in which they came.
  private final class LineExecutor: TaskExecutor {
    private let jobs = Lock<[UnownedJob]>([])

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      jobs.withLock { $0.append(job) }
    }

    func runAll() {
      while let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
        job.runSynchronously(on: asUnownedTaskExecutor())
      }
    }
  }

  @Test func callersAreResumedInTheOrderInWhichTheyJoined() {
    let (executor, gate, answered) = (LineExecutor(), Waiter("gate"), Log<Int>())
    let call = ServiceCall { (_: Int) in _ = await gate.wait() }.coalesce(by: \.self)
    for caller in 1...20 {
      Task(executorPreference: executor) {
        let environment = CallEnvironment(clock: ManualClock(), executor: executor)
        try await CallContext.withEnvironment(environment) { try await call(7) }
        answered.append(caller)
      }
    }
    executor.runAll()
    #expect(call.snapshot().joined == 19)
    gate.grant()
    executor.runAll()
    #expect(answered.entries == Array(1...20))
  }

  // MARK: - Priority

  /// The execution's priority, when it has begun and when it goes on.
  private final class Gauge: Sendable {
    let seen = Log<TaskPriority>()
    let gate = Waiter("gate")

    var call: ServiceCall<Int, Void> {
      ServiceCall { _ in
        self.seen.append(Task.currentPriority)
        _ = await self.gate.wait()
        self.seen.append(Task.currentPriority)
      }
    }
  }

  @Test func aCallerOfHigherPriorityRaisesTheExecution() async throws {
    let gauge = Gauge()
    let call = gauge.call.coalesce(by: \.self)
    let leader = Task(priority: .background) { try await call(7) }
    while gauge.seen.entries.isEmpty { await Task.yield() }
    let urgent = Task(priority: .high) { try await call(7) }
    while call.snapshot().joined < 1 { await Task.yield() }
    gauge.gate.grant()
    try await urgent.value
    try await leader.value
    #expect(gauge.seen.entries[0] < .high)
    #expect(gauge.seen.entries[1] >= .high)
  }

  @Test func aCallerOfLowerPriorityDoesNotLowerIt() async throws {
    let gauge = Gauge()
    let call = gauge.call.coalesce(by: \.self)
    let leader = Task.detached(priority: .high) { try await call(7) }
    while gauge.seen.entries.isEmpty { await Task.yield() }
    let patient = Task.detached(priority: .background) { try await call(7) }
    while call.snapshot().joined < 1 { await Task.yield() }
    gauge.gate.grant()
    try await leader.value
    try await patient.value
    #expect(gauge.seen.entries == [.high, .high])
  }

  /// The caller that joins is there before the one that begins has noted its task.
  @Test func aCallerThatJoinsBeforeTheExecutionIsKnownRaisesItToo() async throws {
    let (shared, gate) = (SharedExecution<TaskPriority>(leader: .none), Waiter("gate"))
    let isIn = shared.join()
    shared.raise(to: .high)
    let execution = Task.detached(priority: .background) { () -> Result<TaskPriority, any Error> in
      _ = await gate.wait()
      return .success(Task.currentPriority)
    }
    shared.began(execution)
    gate.grant()
    let seen = try await execution.value.get()
    #expect(isIn)
    #expect(seen >= .high)
  }
}
