import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private struct Declined: Error, Hashable {}

/// Of a layer outside this package.
private struct Elsewhere: Rejection, Hashable {
  var retryAt: Instant?
}

private struct Busy: Error, PushbackProviding {
  var pushback: Pushback
}

/// What comes when a limit has passed already: the limit replaces what it caused, which is its own
/// cancellation, and failures. What an inner layer says apart from that is kept.
@Suite struct LateAnswersTests {
  enum Limit: String, CaseIterable, Sendable {
    case timeout, abandoning

    /// When work that is deaf to cancellation ends: late, but before a caller leaves.
    var end: Duration { self == .timeout ? .milliseconds(1_200) : .milliseconds(1_005) }
  }

  /// One stack: the call, its limit of a second, and a breaker and a retry around it.
  private final class Stack: Sendable {
    let breaker = CircuitBreaker("payment")
    let abandoned = AbandonedWork("payment")
    let made = Log<Instant>()

    func handler(
      _ limit: Limit, retry: RetryPolicy = RetryPolicy(maxAttempts: 3),
      classify: @escaping @Sendable (any Error) -> Outcome? = { _ in nil },
      _ work: @escaping @Sendable () async throws -> Void
    ) -> AnyHandler<Int, Void> {
      let call = ServiceCall("payment") { [made] (_: Int, context: CallContext) in
        made.append(context.readClock())
        try await work()
      }.classify { result in if case .failure(let error) = result { classify(error) } else { nil } }
      let limited =
        switch limit {
        case .timeout: call.timeout(.seconds(1)).erased()
        case .abandoning: call.timeout(.seconds(1), abandoning: abandoned).erased()
        }
      return limited.circuitBreaker(breaker).retry(retry, budget: nil).erased()
    }
  }

  // MARK: - Row 63

  @Test(arguments: Limit.allCases, [Outcome.success, .neutral])
  func row63_aLateErrorThatIsNoFailureKeepsWhatItSays(limit: Limit, outcome: Outcome) throws {
    let stack = Stack()
    let (end, events) = try simulate { sim in
      let call = stack.handler(limit, classify: { $0 is Declined ? outcome : nil }) {
        await uninterrupted(for: limit.end)
        throw Declined()
      }
      await #expect(throws: Declined()) { try await call(1) }
      return sim.now
    }
    #expect(end == Instant(nanoseconds: 0).advanced(by: limit.end))
    #expect(stack.made.entries.count == 1)
    #expect(stack.breaker.snapshot().failures == 0)
    #expect(stack.breaker.snapshot().windowCalls == (outcome == .success ? 1 : 0))
    #expect(stack.abandoned.snapshot().total == 0)
    #expect(!events.contains { $0.hasPrefix("timeout.expired") }, "\(events)")
  }

  @Test(arguments: Limit.allCases)
  func row63_aLateFailureIsReplacedAndItsRetryAfterDelaysTheRetry(limit: Limit) throws {
    let stack = Stack()
    try Simulation(seed: 1).run { sim in
      let call = stack.handler(limit, retry: RetryPolicy(maxAttempts: 2, backoff: .none)) {
        await uninterrupted(for: limit.end)
        throw Busy(pushback: .overloaded(retryAfter: .seconds(3)))
      }
      let error = await #expect(throws: TimedOut.self) { try await call(1) }
      #expect(error?.underlying is Busy)
      #expect(error?.pushback == .overloaded(retryAfter: .seconds(3)))
      #expect(error?.isAbandoned == false)
    }
    let start = Instant(nanoseconds: 0)
    #expect(stack.made.entries == [start, start.advanced(by: limit.end).advanced(by: .seconds(3))])
    #expect(stack.breaker.snapshot().failures == 2)
  }

  @Test(arguments: Limit.allCases)
  func row63_aLateFailureThatSaysNotToTryAgainIsNotTriedAgain(limit: Limit) throws {
    let stack = Stack()
    try Simulation(seed: 1).run { sim in
      let call = stack.handler(limit) {
        await uninterrupted(for: limit.end)
        throw Busy(pushback: .doNotRetry)
      }
      await #expect(throws: TimedOut.self) { try await call(1) }
    }
    #expect(stack.made.entries.count == 1)
    #expect(stack.breaker.snapshot().failures == 1)
  }

  /// The cancellation that the limit caused says nothing else, whatever `classify` makes of cancellations.
  @Test(arguments: Limit.allCases, [nil, Outcome.neutral, .success])
  func row63_theCancellationThatALimitCausedIsReplaced(limit: Limit, outcome: Outcome?) throws {
    let stack = Stack()
    try Simulation(seed: 1).run { sim in
      let call = stack.handler(
        limit, retry: RetryPolicy(maxAttempts: 1), classify: { $0 is CancellationError ? outcome : nil }
      ) {
        try await sim.sleep(for: .seconds(60))
      }
      let error = await #expect(throws: TimedOut.self) { try await call(1) }
      #expect(error?.underlying == nil)
    }
    #expect(stack.breaker.snapshot().failures == 1)
  }

  /// The limit came first: that the caller cancels while deaf work still runs changes nothing within it.
  @Test func row63_aCallerThatCancelsAfterTheLimitIsToldThatItTimedOut() throws {
    try Simulation(seed: 1).run { sim in
      let stack = Stack()
      let call = stack.handler(.timeout) {
        await uninterrupted(for: .milliseconds(1_200))
        throw Busy(pushback: .none)
      }
      try await cancelling(after: .milliseconds(1_100), sim) {
        await #expect(throws: TimedOut.self) { try await call(1) }
      }
      #expect(stack.made.entries.count == 1)
    }
  }

  @Test func row63_aFailureOfWorkThatWasLeftBehindSaysNothingAnyMore() throws {
    let stack = Stack()
    try Simulation(seed: 1).run { sim in
      let call = stack.handler(.abandoning, retry: RetryPolicy(maxAttempts: 1)) {
        await uninterrupted(for: .seconds(60))
        throw Busy(pushback: .doNotRetry)
      }
      let error = await #expect(throws: TimedOut.self) { try await call(1) }
      #expect(error?.isAbandoned == true)
      #expect(error?.pushback == Pushback.none)
      try await sim.advance(by: .seconds(60))
    }
    #expect(stack.breaker.snapshot().failures == 1)
  }

  // MARK: - Row 64

  private static let rejections: [any Rejection] = [
    BulkheadFull(bulkhead: "b", reason: .deadline, limit: 1, waiting: 3),
    RateLimited(limiter: "l", reason: .deadline, retryAt: nil, at: .milliseconds(0)),
    CircuitOpen(breaker: "c", retryAt: .milliseconds(9_000)),
    Throttled(throttle: "t", rejectionProbability: 0.5),
    ImpossiblePermits(limiter: "l", permits: 3, burst: 2),
    ImpossibleWeight(bulkhead: "b", weight: 3, capacity: 2), DeadlineExceeded(overdue: .zero),
  ]

  /// A place in which calls wait, and which refuses those that it has to let go.
  private struct Queue<Base: Handler>: HandlerDecorator {
    let base: Base
    let refusal: any Rejection

    func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
      do { try await context.clock.sleep(for: .seconds(60)) } catch { throw refusal }
      return try await base.handle(input, context: context)
    }
  }

  /// Ten calls wait in the line of a layer inside until their time is up: nothing was sent.
  @Test(arguments: Limit.allCases, rejections.indices)
  func row64_aRefusalThatMeetsALimitIsKept(limit: Limit, index: Int) throws {
    let refusal = Self.rejections[index]
    let (breaker, abandoned) = (CircuitBreaker("destination"), AbandonedWork("destination"))
    let (end, events) = try simulate { sim in
      let call = Queue(
        base: ServiceCall { (_: Int) in Issue.record("nothing is sent") }, refusal: refusal)
      let limited =
        switch limit {
        case .timeout: call.timeout(.seconds(1)).erased()
        case .abandoning: call.timeout(.seconds(1), abandoning: abandoned).erased()
        }
      let stack = limited.circuitBreaker(breaker)
      await withTaskGroup { calls in
        for number in 1...10 {
          calls.addTask {
            let error = await #expect(throws: (any Error).self) { try await stack(number) }
            #expect(error.map { "\($0)" } == "\(refusal)")
          }
        }
      }
      return sim.now
    }
    #expect(end == .milliseconds(1_000))
    #expect(breaker.state(at: end) == .closed)
    #expect(breaker.snapshot().windowCalls == 0)
    #expect(abandoned.snapshot().total == 0)
    #expect(!events.contains { $0.hasPrefix("timeout.expired") }, "\(events)")
  }

  /// Also when it takes a while to give way, and however the calls are told apart from the rest.
  @Test(arguments: Limit.allCases)
  func row64_inEveryOrderARefusalIsNeutral(limit: Limit) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let stack = Stack()
      let refusal = BulkheadFull(bulkhead: "b", reason: .deadline, limit: 1, waiting: 3)
      let call = stack.handler(limit, classify: { _ in .failure }) {
        try? await sim.sleep(for: .seconds(60))
        throw refusal
      }
      await #expect(throws: refusal) { try await call(1) }
      try sim.require(stack.breaker.snapshot().windowCalls == 0, "\(stack.breaker.snapshot())")
      try sim.require(stack.made.entries.count == 1, "\(stack.made.entries)")
    }
    #expect(exploration.isComplete)
  }
}
