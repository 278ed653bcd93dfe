import Resilience
import ResilienceTestKit
import Testing

/// A learned limit in front of a service that is half busy: calls come when they like, so that some find it
/// full.
@Suite struct BurstyDemandScenario {
  /// A hundred calls a second at a service that does two hundred: the share of those made in `counted`, in
  /// seconds, that the bulkhead refuses.
  private func shareRefused(
    _ bulkhead: Bulkhead, faults: [ServiceFault], counted: Range<Int>, seed: UInt64
  ) throws -> Double {
    try Simulation(seed: seed).run { simulation in
      let service = SimulatedService<Int, Int>(
        "service", workers: 4, queueLimit: 400, latency: .exponential(mean: .milliseconds(20)), faults: faults
      ) { $0 }
      let call = service.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("service"))
        .retry(budget: RetryBudget("service")).bulkhead(bulkhead)
      let gap = LatencyDistribution.exponential(mean: .milliseconds(10))
      let refusals = Log<Bool>()
      await withDiscardingTaskGroup { calls in
        while simulation.now < Instant(nanoseconds: Int64(counted.upperBound) * 1_000_000_000) {
          let isCounted = counted.contains(Int(simulation.now.nanoseconds / 1_000_000_000))
          calls.addTask {
            let result = await call.result(of: 1)
            guard isCounted else { return }
            if case .failure(let error) = result {
              refusals.append(error is BulkheadFull)
            } else {
              refusals.append(false)
            }
          }
          try? await simulation.sleep(for: gap.sample(draw: CallContext.current.random()))
        }
      }
      return Double(refusals.entries.count { $0 }) / Double(refusals.entries.count)
    }
  }

  /// Erlang's formula refuses a fifth of these calls at a limit of three.
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func aLimitThatBurstsFindReachedGrows(seed: UInt64) throws {
    let bulkhead = Bulkhead("service", limit: .adaptive(AdaptiveLimitPolicy(initial: 3)))
    #expect(try shareRefused(bulkhead, faults: [], counted: 60..<90, seed: seed) < 0.03)
  }

  @Test(arguments: 1...16 as ClosedRange<UInt64>, [0, 20])
  func afterSlownessAndAnOutageItRefusesNoMoreThanBefore(seed: UInt64, maxWaiting: Int) throws {
    let bulkhead = Bulkhead("service", limit: .adaptive(), maxWaiting: maxWaiting)
    let faults: [ServiceFault] = [
      .slow(by: 3, during: .seconds(60) ..< .seconds(90)), .stalled(during: .seconds(90) ..< .seconds(120)),
    ]
    #expect(try shareRefused(bulkhead, faults: faults, counted: 122..<150, seed: seed) < 0.03)
  }
}
