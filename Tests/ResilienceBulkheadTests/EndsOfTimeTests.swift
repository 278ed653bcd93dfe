import ResilienceTestKit
import Testing

@testable import ResilienceBulkhead

/// Instants, weights and durations from both ends: nothing traps, and no room is lost or found.
@Suite struct EndsOfTimeTests {
  private struct Draw {
    let random: SeededRandomSource

    init(seed: UInt64) { random = SeededRandomSource(seed: seed) }

    func index(_ count: Int) -> Int { random.next(below: count) }
    func one<Value>(of values: [Value]) -> Value { values[index(values.count)] }

    func nanoseconds() -> Int64 {
      let base = one(of: [.min, .min / 2, -1, 0, 0, 1, 1000, .max / 2, .max] as [Int64])
      return Instant(nanoseconds: base).advanced(byNanoseconds: Int64(index(3)) - 1).nanoseconds
    }

    func outcome() -> Outcome {
      one(of: [.success, .success, .success, .failure, .neutral, .failure(.overloaded)])
    }
  }

  private static let policies = [
    AdaptiveLimitPolicy(), AdaptiveLimitPolicy(maximum: 1), AdaptiveLimitPolicy(initial: 8, maximum: 8),
    AdaptiveLimitPolicy(initial: 1, maximum: 1_000_000),
    AdaptiveLimitPolicy(minimum: 1_000_000, maximum: 1_000_000),
  ]

  @Test(arguments: policies, 1...20 as ClosedRange<UInt64>)
  func anAdaptiveLimitStaysWithinItsBoundsWhateverCallsTake(policy: AdaptiveLimitPolicy, seed: UInt64) {
    let draw = Draw(seed: seed)
    var limit = AdaptiveLimit(policy)
    // Long enough in one vein for windows to close.
    for _ in 0..<60 {
      let durations = draw.index(2) == 0 ? [draw.nanoseconds()] : (0..<4).map { _ in draw.nanoseconds() }
      let outcomes = draw.index(2) == 0 ? [Outcome.success] : (0..<4).map { _ in draw.outcome() }
      let weights = draw.one(of: [[1], [1, 2, 3], [limit.limit], [policy.maximum]])
      let (start, step) = (draw.nanoseconds(), draw.nanoseconds())
      for call in 0..<150 {
        let now = Instant(nanoseconds: start).advanced(byNanoseconds: step &* Int64(call % 3))
        let weight = draw.one(of: weights)
        limit.enter(inUse: max(0, limit.limit - weight), at: now)
        limit.leave(
          AdaptiveLimit.Call(
            weight: weight, inUse: max(weight, limit.limit), nanoseconds: max(0, draw.one(of: durations))),
          draw.one(of: outcomes), inUse: max(weight, limit.limit), at: now)
        guard (policy.minimum...policy.maximum).contains(limit.fullLimit),
          (1...policy.maximum).contains(limit.limit)
        else {
          Issue.record("seed \(seed): the limit is \(limit.fullLimit), \(limit.limit) for the moment")
          return
        }
        if let latency = limit.unloadedLatency { #expect(latency >= .zero) }
      }
    }
  }

  /// A destination that answers in less than the clock can tell, as in a simulation: at full load, for long.
  @Test(arguments: [0, 1])
  func callsThatTakeNoTimeAreNoReasonToTrap(nanoseconds: Int64) {
    var limit = AdaptiveLimit(AdaptiveLimitPolicy())
    for _ in 0..<20_000 {
      let inUse = limit.limit
      limit.enter(inUse: inUse - 1, at: Instant(nanoseconds: 0))
      limit.leave(
        AdaptiveLimit.Call(weight: 1, inUse: inUse, nanoseconds: nanoseconds), .success, inUse: inUse,
        at: Instant(nanoseconds: 0))
    }
    #expect((1...1000).contains(limit.fullLimit))
    #expect(limit.unloadedLatency != nil)
  }

  /// Some six hundred thousand calls at one time, from the beginning of time to its end.
  @Test func aLatencyBeyondWhatCanBeCountedIsTheGreatest() {
    var limit = AdaptiveLimit(AdaptiveLimitPolicy(minimum: 1_000_000, maximum: 1_000_000))
    // Ten make a window, and eight of the probe that follows are let pass before it measures.
    for (instant, calls) in [(Int64.min, 18), (0, 3), (.max, 10)] {
      for _ in 0..<calls where limit.unloadedLatency == nil {
        let (inUse, now) = (limit.limit, Instant(nanoseconds: instant))
        limit.enter(inUse: inUse, at: now)
        limit.leave(
          AdaptiveLimit.Call(weight: 100_000, inUse: inUse, nanoseconds: .max), .success, inUse: inUse,
          at: now)
      }
    }
    #expect(limit.unloadedLatency == .nanoseconds(Int64.max))
  }

  private static let limits: [BulkheadLimit] = [
    .fixed(1), .fixed(3), .fixed(1_000_000_000), .adaptive(), .adaptive(AdaptiveLimitPolicy(maximum: 2)),
  ]

  @Test(arguments: 1...40)
  func aBulkheadTakesAnyInstantAndAnyWeight(seed: UInt64) {
    let draw = Draw(seed: seed)
    let bulkhead = Bulkhead("ends", limit: draw.one(of: Self.limits))
    func visit(_ depth: Int) {
      let weight = draw.one(of: [.min, -1, 0, 1, 1, 2, 3, 1_000_000, 1_000_000_000, .max])
      let before = bulkhead.snapshot().inUse
      if case .entered(let permit) = bulkhead.tryEnter(
        weight: weight, at: Instant(nanoseconds: draw.nanoseconds()))
      {
        #expect(bulkhead.snapshot().inUse == before + weight, "seed \(seed)")
        if depth < 6 { visit(depth + 1) }
        if draw.index(8) == 0 { bulkhead.update(draw.one(of: Self.limits)) }
        if draw.index(5) > 0 { permit.leave(draw.outcome(), at: Instant(nanoseconds: draw.nanoseconds())) }
      }
      #expect(bulkhead.snapshot().inUse == before, "seed \(seed)")
    }
    for _ in 0..<500 { visit(0) }
    #expect(bulkhead.snapshot().inUse == 0)
  }

  @Test(arguments: [Int64.min, -1, 0, 1, .max])
  func aWaitTakesAnyDeadline(nanoseconds: Int64) throws {
    try Simulation(seed: 1).run { sim in
      let bulkhead = Bulkhead("ends", limit: .fixed(1), maxWaiting: 5)
      let permit = try await bulkhead.enter()
      let waiting = Task.immediate(executorPreference: CallContext.current.executor) {
        try await bulkhead.enter(deadline: Deadline(at: Instant(nanoseconds: nanoseconds))).leave(at: sim.now)
      }
      try await sim.advance(by: .seconds(1))
      permit.leave(at: sim.now)
      let result = await waiting.result
      #expect((try? result.get()) != nil || nanoseconds < .max)
      #expect((bulkhead.snapshot().inUse, bulkhead.snapshot().waiting) == (0, 0))
    }
  }
}
