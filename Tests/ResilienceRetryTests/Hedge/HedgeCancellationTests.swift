import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private let after50 = HedgePolicy(delay: .fixed(.milliseconds(50)))

/// Who came in, and who has left.
private final class Visitors: Sendable {
  let entered = Log<Int>()
  let left = Log<Int>()

  /// A call whose attempts take so long each, in milliseconds, and then fail where it says so; a retry's
  /// second hedge as its first.
  func call(taking durations: [Int64], failing: Set<Int> = [], stubborn: Set<Int> = []) -> ServiceCall<
    Int, Int
  > {
    ServiceCall("stock") { (_: Int, context: CallContext) in
      let attempt = (Int(context.attempt) - 1) % durations.count + 1
      self.entered.append(attempt)
      defer { self.left.append(attempt) }
      let duration = Duration.milliseconds(durations[attempt - 1])
      if stubborn.contains(attempt) {
        await uninterrupted(for: duration)
      } else {
        try await context.clock.sleep(for: duration)
      }
      if failing.contains(attempt) { throw Failure(number: attempt) }
      return attempt
    }
  }

  func requireThatAllHaveLeft(_ sim: Simulation) throws {
    try sim.require(
      entered.entries.sorted() == left.entries.sorted(), "\(left.entries) of \(entered.entries) left")
  }
}

@Suite struct HedgeCancellationTests {
  @Test func cancelledBeforeItIsNotBegun() throws {
    try Simulation(seed: 1).run { sim in
      try await cancelling(after: .zero, sim) {
        await uninterrupted(for: .seconds(1))
        let call = ServiceCall { (_: Int) in Issue.record("begun after a cancellation") }
        await #expect(throws: CancellationError.self) { try await call.hedge(after50)(1) }
      }
    }
  }

  /// The caller is cancelled at each millisecond of a call whose two attempts overlap.
  @Test(arguments: 0...101 as ClosedRange<Int64>)
  func row28_cancellationAtAnyPointEndsTheCall(milliseconds: Int64) throws {
    let visitors = Visitors()
    let end = try Simulation(seed: UInt64(milliseconds)).run { sim in
      let call = visitors.call(taking: [150, 50]).hedge(after50)
      try await cancelling(after: .milliseconds(milliseconds), sim) {
        do {
          try await #expect(call(1) == 2)
          #expect(milliseconds >= 100)
        } catch is CancellationError {
          #expect(milliseconds <= 100)
        }
      }
      try visitors.requireThatAllHaveLeft(sim)
      return sim.now
    }
    #expect(end == .milliseconds(min(milliseconds, 100)))
  }

  /// Every order in which attempts, timer and a cancellation can come together, with attempts that end at the
  /// very instants at which others begin.
  @Test(arguments: [[100, 50], [50, 50], [100, 100]] as [[Int64]], [Set<Int>(), [1], [2], [1, 2]])
  func row28_everyInterleavingCompletesAndLeavesNothing(durations: [Int64], failing: Set<Int>) throws {
    for cancellation in [0, 50, 100] as [Int64] {
      try everyInterleavingCompletes(durations, failing, cancellation: cancellation)
    }
  }

  private func everyInterleavingCompletes(
    _ durations: [Int64], _ failing: Set<Int>, cancellation: Int64
  ) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let visitors = Visitors()
      let call = visitors.call(taking: durations, failing: failing).hedge(after50, budget: nil)
      try await cancelling(after: .milliseconds(cancellation), sim) {
        do {
          let value = try await call(1)
          try sim.require(!failing.contains(value), "\(value) won though it failed")
        } catch is Failure {
        } catch is CancellationError {}
        try visitors.requireThatAllHaveLeft(sim)
      }
    }
    #expect(exploration.isComplete)
  }

  /// The same inside a retry, which hedges its second attempt too: at the instants at which something begins
  /// or ends.
  @Test(arguments: [0, 50, 100, 110, 160, 210] as [Int64])
  func row28_insideARetryEveryInterleavingCompletesToo(cancellation: Int64) throws {
    let policy = RetryPolicy(maxAttempts: 2, backoff: .constant(.milliseconds(10), jitter: .none))
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let visitors = Visitors()
      let call = visitors.call(taking: [100, 50], failing: [1, 2]).hedge(after50, budget: nil)
        .retry(policy, budget: nil)
      try await cancelling(after: .milliseconds(cancellation), sim) {
        await #expect(throws: (any Error).self) { try await call(1) }
        try sim.require(visitors.entered.entries.count <= 4, "made more than twice two attempts")
        try visitors.requireThatAllHaveLeft(sim)
      }
    }
    #expect(exploration.isComplete)
  }

  @Test func row32_theLosersEndTheirCancellationBeforeTheCallReturns() throws {
    let visitors = Visitors()
    try Simulation(seed: 1).run { sim in
      let call = visitors.call(taking: [200, 10], stubborn: [1]).hedge(after50)
      try await #expect(call(1) == 2)
      // It ignores its cancellation, and is waited for.
      #expect(sim.now == .milliseconds(200))
      try visitors.requireThatAllHaveLeft(sim)
    }
  }

  @Test func row32_whatTheWinnerLeavesToBeReadIsNotCancelled() throws {
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int, context: CallContext) in
        if context.attempt == 1 { try await sim.sleep(for: .seconds(60)) }
        return Task.immediate(executorPreference: context.executor) {
          try await sim.sleep(for: .seconds(1))
          return "body"
        }
      }.hedge(after50)
      try await #expect(call(1).value == "body")
    }
  }

  @Test func row32_anAttemptsOwnTimeLimitDoesNotEndTheOthers() throws {
    // An attempt whose inner limit cancels it throws an error of its own: a failure, and the next one begins.
    let visitors = Visitors()
    try Simulation(seed: 1).run { sim in
      let call = visitors.call(taking: [30, 40], failing: [1]).hedge(after50)
      try await #expect(call(1) == 2)
      #expect(sim.now == .milliseconds(70))
    }
  }

  @Test func aValueThatComesInSpiteOfTheCancellationIsReturned() throws {
    let visitors = Visitors()
    try Simulation(seed: 1).run { sim in
      let call = visitors.call(taking: [100, 500], stubborn: [1]).hedge(after50)
      try await cancelling(after: .milliseconds(70), sim) {
        try await #expect(call(1) == 1)
        #expect(sim.now == .milliseconds(100))
        #expect(visitors.left.entries == [2, 1])
      }
    }
  }

  @Test func noHedgeBeginsForACallerThatHasLeft() throws {
    let visitors = Visitors()
    try Simulation(seed: 1).run { sim in
      let call = visitors.call(taking: [100, 10], failing: [1], stubborn: [1]).hedge(after50)
      try await cancelling(after: .milliseconds(20), sim) {
        await #expect(throws: Failure(number: 1)) { try await call(1) }
      }
    }
    #expect(visitors.entered.entries == [1])
  }

  @Test func onRealThreadsEveryCallEndsWithItsHedge() async throws {
    let call = ServiceCall { (number: Int, context: CallContext) in
      if context.attempt == 1, number % 2 == 0 { try await context.clock.sleep(for: .seconds(3_600)) }
      await Task.yield()
      if context.attempt == 1, number % 3 == 0 { throw Failure(number: number) }
      return number
    }.hedge(HedgePolicy(delay: .fixed(.milliseconds(1))), budget: nil)
    let sum = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 1...500 { group.addTask { try await call(number) } }
      return try await group.reduce(0, +)
    }
    #expect(sum == 125_250)
    #expect(call.snapshot().calls == 500)
    #expect(call.snapshot().started >= 250)
  }

  @Test func itWorksFromInsideAnActor() async throws {
    actor Shelf {
      private var count = 0
      func reserve() async throws -> Int {
        count += try await ServiceCall { (number: Int) in number }.hedge(after50)(1)
        return count
      }
    }
    let shelf = Shelf()
    _ = try await shelf.reserve()
    try await #expect(shelf.reserve() == 2)
  }
}

/// Waits whatever happens to the task, as a driver that knows no cancellation does.
private func uninterrupted(for duration: Duration) async {
  let clock = CallContext.current.clock
  await withUnsafeContinuation { continuation in
    _ = clock.schedule(at: clock.now.advanced(by: duration)) { continuation.resume() }
  }
}
