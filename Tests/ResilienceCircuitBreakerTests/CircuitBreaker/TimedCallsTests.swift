import ResilienceCore
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceCircuitBreaker

/// A breaker that times calls counts most of them in its word, without its lock.
@Suite struct TimedCallsTests {
  static let policies = BreakerModelTests.policies.filter { $0.slowCalls != nil }

  /// The breaker itself against the model of the state machine, looked at now and then.
  @Test(arguments: 0..<12)
  func aBreakerAgreesWithTheModelOnRandomOperations(course: Int) {
    var state = UInt64(course) << 32
    func draw(_ bound: UInt64) -> UInt64 {
      state &+= 1
      return SplitMix64.mix(state &* SplitMix64.gamma) % bound
    }
    let policy = Self.policies[course % Self.policies.count]
    let breaker = CircuitBreaker("payment", policy: policy)
    var model = BreakerModel(policy)
    var permits: [KeptPermit] = []
    var countedInTheWord = 0
    for operation in 0..<10_000 {
      let isBad = operation / 512 % 4 == 0
      if draw(4) == 0 {
        let longest: UInt64 = draw(16) == 0 ? 8_000_000 : 90_000
        model.advance(to: model.now + Int64(draw(longest)) * 1000)
      }
      let now = Instant(nanoseconds: model.now)
      if permits.count < 7, draw(2) == 0 {
        let permit = KeptPermit(breaker.admit(at: now))
        let isAllowed = model.admit()
        guard (permit != nil) == isAllowed else {
          Issue.record("\(model.state): let \(isAllowed ? "no" : "a") call in, operation \(operation)")
          return
        }
        if let permit { permits.append(permit) }
      } else if !permits.isEmpty {
        let index = Int(draw(UInt64(permits.count)))
        let verdict: Verdict? =
          switch draw(32) {
          case 0: nil
          case 1: .neutral
          case 2...(isBad ? 20 : 3): .failure
          default: .success
          }
        model.finish(index, verdict, retryAfter: 0)
        let permit = permits.remove(at: index)
        // What is dropped says no instant.
        if verdict == nil { _ = breaker.state(at: now) }
        permit.finish(verdict, at: now)
      }
      countedInTheWord += breaker.word.load(ordering: .relaxed).pendingSuccesses
      guard operation % 16 == 0 else { continue }
      let difference = difference(breaker.snapshot(at: now), model)
      guard difference.isEmpty else {
        Issue.record("operation \(operation) at \(now): \(difference); \(model)")
        return
      }
    }
    #expect(model.openings > 10)
    // A window of time has to know when each success came.
    #expect(policy.window.capacity == nil ? countedInTheWord == 0 : countedInTheWord > 1000)
  }

  private func difference(_ snapshot: CircuitBreakerSnapshot, _ model: BreakerModel) -> String {
    let pairs = [
      ("successes", snapshot.successes, model.successes), ("failures", snapshot.failures, model.failures),
      ("stale", snapshot.staleResults, model.stale), ("openings", snapshot.openings, model.openings),
      ("reopenings", snapshot.reopenings, model.reopenings),
      ("calls", snapshot.windowCalls, model.results.count),
      ("failed", snapshot.windowFailures, model.results.count { $0.failed }),
      ("slow", snapshot.windowSlowCalls, model.results.count { $0.slow }),
      ("in a row", snapshot.consecutiveFailures, model.inARow.count),
      ("probes", snapshot.probesRunning, model.probesRunning),
      ("overdue", snapshot.overdueCalls, model.overdue),
    ]
    return pairs.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1), not \($0.2)" }.joined(separator: ", ")
  }

  /// More than the word has room for, in one slice: calls that run, and successes.
  @Test func theWordIsLookedAtBeforeItIsFull() {
    let policy = CircuitBreakerPolicy(
      window: .count(100), slowCalls: .init(threshold: .seconds(8), rate: 0.5), minimumThroughput: 10)
    let breaker = CircuitBreaker("payment", policy: policy)
    for round in 0..<3 {
      let permits = (0..<1000).map { _ in KeptPermit(breaker.admit(at: .s(0.1))) }
      for permit in permits { permit?.finish(.success, at: .s(0.2)) }
      #expect(breaker.snapshot(at: .s(0.2)).successes == 1000 * (round + 1))
    }
    for _ in 0..<2000 { breaker.call(.success, at: .s(0.3)) }
    let running = (0..<1500).map { _ in KeptPermit(breaker.admit(at: .s(0.4))) }
    // All ran past the threshold, and each is counted as one slow call.
    let snapshot = breaker.snapshot(at: .s(30))
    #expect(snapshot.successes == 5000)
    #expect(snapshot.openings == 1)
    for permit in running { permit?.finish(.success, at: .s(30)) }
    #expect(breaker.snapshot(at: .s(30)).staleResults == 1500)
  }

  /// A slice is 2 ns, since an eighth of 9 is rounded up; a call of the first one is overdue within the sixth.
  @Test func aCallThatIsOverdueWithinASliceOpensTheBreakerThen() throws {
    let policy = CircuitBreakerPolicy(
      window: .count(10), slowCalls: .init(threshold: .nanoseconds(9), rate: 0.5), minimumThroughput: 1)
    let breaker = CircuitBreaker("payment", policy: policy)
    let first = try breaker.permit(at: Instant(nanoseconds: 0))
    let second = try breaker.permit(at: Instant(nanoseconds: 10))
    #expect(breaker.rejects(at: Instant(nanoseconds: 11)))
    first.finish(.neutral, at: Instant(nanoseconds: 11))
    second.finish(.neutral, at: Instant(nanoseconds: 11))
  }

  /// For ThreadSanitizer: slices end, windows fill and somebody looks while calls come and go.
  @Test func everyTimedCallIsCountedOnceOnRealThreads() async {
    let policy = CircuitBreakerPolicy(
      window: .count(50), slowCalls: .init(threshold: .milliseconds(80), rate: 1), minimumThroughput: 10)
    let breaker = CircuitBreaker("payment", policy: policy)
    let (tasks, calls) = (8, 4000)
    await withTaskGroup { group in
      for task in 0..<tasks {
        group.addTask { @concurrent in
          for call in 0..<calls {
            // A slice is 10 ms; a hundred calls share one.
            let now = Instant(nanoseconds: Int64(call) * 100_000)
            guard let permit = KeptPermit(breaker.admit(at: now)) else { continue }
            permit.finish((call + task) % 97 == 0 ? .failure : .success, at: now)
            if call % 500 == task { _ = breaker.snapshot(at: now) }
          }
        }
      }
    }
    let snapshot = breaker.snapshot(at: .s(100))
    #expect(snapshot.successes + snapshot.failures == tasks * calls)
    #expect(snapshot.overdueCalls == 0)
    #expect(snapshot.state == .closed)
    #expect(snapshot.windowCalls == 50)
  }
}

/// Keeps a permit where an array needs a copyable value; it is used by one task at a time.
private final class KeptPermit: @unchecked Sendable {
  private var permit: CircuitBreakerPermit?

  init?(_ admission: consuming CircuitBreakerAdmission) {
    switch consume admission {
    case .admitted(let permit): self.permit = consume permit
    case .rejected: return nil
    }
  }

  /// Without a verdict it is dropped.
  func finish(_ verdict: Verdict?, at now: Instant) {
    let permit = permit.take()
    if let verdict { permit?.finish(verdict, at: now) }
  }
}
