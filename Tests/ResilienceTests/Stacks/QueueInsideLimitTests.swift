import Resilience
import ResilienceTestKit
import Testing

/// Waiting in one's own queue is not the destination's failure.
@Suite struct QueueInsideLimitTests {
  enum End: Hashable, Sendable {
    case succeeded, timedOut
    case full(BulkheadFull.Reason)
    case other(String)
  }

  private func end(_ call: some Handler<Int, Void>, _ input: Int) async -> End {
    do {
      try await call(input)
      return .succeeded
    } catch let error as BulkheadFull {
      return .full(error.reason)
    } catch is TimedOut {
      return .timedOut
    } catch {
      return .other("\(error)")
    }
  }

  private let policy = CircuitBreakerPolicy(
    window: .count(10), failureRate: 0.5, minimumThroughput: 5, openTime: .seconds(5),
    maxOpenTime: .seconds(60), halfOpenPermits: 1)

  /// Ten calls at once, of which one takes 0.9 s, and each has 1 s.
  @Test(arguments: 0..<10 as Range<UInt64>)
  func row64_whoNeverBeganIsRefusedAndSaysNothingAboutTheDestination(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let began = Log<Instant>()
      let breaker = CircuitBreaker("stock", policy: policy)
      let bulkhead = Bulkhead("stock", limit: .fixed(1), maxWaiting: 100)
      let call = ServiceCall("stock") { (_: Int) in
        began.append(sim.now)
        try await sim.sleep(for: .milliseconds(900))
      }.bulkhead(bulkhead).timeout(.seconds(1)).circuitBreaker(breaker)
      let ends = await withTaskGroup(of: End.self) { group in
        for input in 0..<10 { group.addTask { await end(call, input) } }
        return await group.reduce(into: [End: Int]()) { $0[$1, default: 0] += 1 }
      }
      #expect(ends == [.succeeded: 1, .timedOut: 1, .full(.deadline): 8])
      #expect(began.entries == [Instant(nanoseconds: 0), Instant(nanoseconds: 900_000_000)])
      #expect(sim.now == Instant(nanoseconds: 1_000_000_000))
      #expect(breaker.state(at: sim.now) == .closed)
      #expect(bulkhead.snapshot().inUse == 0 && bulkhead.snapshot().waiting == 0)
      #expect(bulkhead.snapshot().rejected == 8)
      #expect(await end(call, 11) == .succeeded)
    }
  }
}
