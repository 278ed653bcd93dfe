import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestSupport
import Testing

/// Row 4: no way to stay half-open, whatever the policy and whatever happened before.
@Suite struct HalfOpenProgressTests {
  /// From any state that a random course reaches, with calls arriving and the clock moving: once half-open,
  /// `permits` calls that come to a result, or hang, end it; a hung one within its lease.
  @Test(arguments: BreakerModelTests.policies.indices, 1...20)
  func row4_halfOpenIsLeftWithinLeaseAndPermitsFromAnyReachableState(policy index: Int, seed: UInt64) {
    let policy = BreakerModelTests.policies[index]
    let random = SeededRandomSource(seed: seed)
    var machine = CircuitBreakerStateMachine(policy)
    var now = Instant.s(0)
    var held: [CircuitBreakerToken] = []
    let verdicts: [Verdict] = [.success, .failure, .failure, .neutral]
    var stuck = 0
    var episodes = 0
    for _ in 0..<3000 {
      now = now.advanced(by: .milliseconds(random.next(below: 3000)))
      if case .admitted(let token) = machine.admit(at: now, draw: random.next()).decision {
        held.append(token)
      }
      if held.count > 8 || !held.isEmpty && random.next(below: 2) == 0 {
        let token = held.remove(at: random.next(below: held.count))
        _ = machine.record(token, verdicts[random.next(below: 4)], at: now, draw: random.next())
      }
      guard machine.state == .halfOpen, random.next(below: 4) == 0 else { continue }
      episodes += 1
      let generation = machine.generation
      // The probes that run stay away; each call that is let in comes to a result at once, or hangs.
      held = []
      for _ in 0..<policy.halfOpenPermits where machine.generation == generation {
        guard case .admitted(let token) = machine.admit(at: now, draw: 0).decision else { continue }
        let verdict = verdicts[random.next(below: 3)]
        if random.next(below: 2) == 0 { _ = machine.record(token, verdict, at: now, draw: 0) }
      }
      now = now.advanced(by: policy.probeLease)
      _ = machine.advance(to: now)
      if machine.generation == generation { stuck += 1 }
    }
    #expect(stuck == 0)
    #expect(episodes > 5)
  }
}
