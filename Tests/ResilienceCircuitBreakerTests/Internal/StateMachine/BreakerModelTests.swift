import ResilienceCircuitBreaker
import ResilienceCore
import Testing

/// The state machine against an independent model.
@Suite struct BreakerModelTests {
  static let policies: [CircuitBreakerPolicy] = [
    policy(window: .count(4)),
    policy(window: .count(4), permits: 3, ramp: .seconds(8)),
    policy(window: .time(.seconds(10), slices: 5), permits: 2),
    policy(
      window: .count(6), slowCalls: .init(threshold: .seconds(2), rate: 0.5), permits: 2, ramp: .seconds(8)),
    policy(
      window: .time(.seconds(20)), failureRate: nil, slowCalls: .init(threshold: .seconds(3), rate: 0.7),
      consecutive: 3, permits: 3),
    policy(window: .count(3, maxAge: .seconds(8)), failureRate: nil, consecutive: 4),
    policy(
      window: .count(12, maxAge: .seconds(16)), slowCalls: .init(threshold: .seconds(2), rate: 0.5),
      consecutive: 4, permits: 2, ramp: .seconds(8)),
    policy(window: .time(.seconds(10), slices: 5), failureRate: 0.9, consecutive: 3),
  ]

  private static func policy(
    window: CircuitBreakerPolicy.Window, failureRate: Double? = 0.5,
    slowCalls: CircuitBreakerPolicy.SlowCalls? = nil, consecutive: Int? = nil, permits: Int = 1,
    ramp: Duration = .zero
  ) -> CircuitBreakerPolicy {
    CircuitBreakerPolicy(
      window: window, failureRate: failureRate, slowCalls: slowCalls, consecutiveFailures: consecutive,
      minimumThroughput: 3, openTime: .seconds(5), maxOpenTime: .seconds(20), openTimeJitter: 0,
      maxRetryAfter: .seconds(15), halfOpenPermits: permits, probeLease: .seconds(9), rampTime: ramp)
  }

  private static let overrides: [CircuitBreakerOverride?] = [
    nil, nil, .forcedOpen, .disabled, .metricsOnly, .open(for: .seconds(7)), .halfOpen,
  ]

  /// 64 courses of 25 000 operations, eight with each policy.
  @Test(arguments: 0..<64)
  func agreesWithTheModelOnAMillionRandomOperations(course: Int) {
    var state = UInt64(course) &* 0x9E37_79B9_7F4A_7C15 | 1
    func draw(_ bound: UInt64) -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return (state >> 33) % bound
    }
    let good: [Verdict?] = [.success, .success, .success, .failure, .failure, .neutral, nil]
    let bad: [Verdict?] = [.success, .failure, .failure, .failure, .failure, .failure, .failure]
    var duel = BreakerDuel(Self.policies[course % Self.policies.count])
    for operation in 0..<25_000 where duel.disagreement == nil {
      let isBad = operation / 64 % 4 == 0
      if draw(2) == 0 { duel.wait(Int64(draw(draw(8) == 0 ? 8_000_000 : 900_000)) * 1000) }
      switch draw(16) {
      case 0..<6: duel.admit()
      case 6..<12:
        let count = UInt64(duel.tokens.count)
        if count > 0 {
          let retryAfter = draw(16) == 0 ? Int64(draw(20)) * 1_000_000_000 : 0
          duel.finish(Int(draw(count)), (isBad ? bad : good)[Int(draw(7))], retryAfter: retryAfter)
        }
      case 12, 13:
        if isBad { duel.call(.failure) } else { duel.quickSuccess() }
      case 14: duel.look()
      default:
        if draw(100) == 0 { duel.set(Self.overrides[Int(draw(7))]) }
        if duel.model.state == .forcedOpen { duel.set(nil) }
      }
      if duel.tokens.count > 7 { duel.finish(0, .success) }
    }
    let (disagreement, openings, quick) = (duel.disagreement, duel.machine.openings, duel.quickRecords)
    #expect(disagreement == nil)
    #expect(openings > 50)
    #expect(quick > 50)
  }

  /// Every sequence of four operations out of nine, from closed and from half-open.
  @Test(arguments: policies.indices, Beginning.allCases)
  func agreesWithTheModelOnEverySequenceOfFourOperations(policy: Int, beginning: Beginning) {
    var disagreement: String?
    for sequence in 0..<6561 where disagreement == nil {
      var duel = BreakerDuel(Self.policies[policy])
      beginning.lead(&duel)
      var rest = sequence
      for _ in 0..<4 {
        Self.apply(rest % 9, to: &duel)
        rest /= 9
      }
      duel.look()
      disagreement = duel.disagreement.map { "\($0) in sequence \(sequence)" }
    }
    #expect(disagreement == nil)
  }

  enum Beginning: CaseIterable {
    case closed, failing, halfOpen

    func lead(_ duel: inout BreakerDuel) {
      switch self {
      case .closed: break
      case .failing:
        for _ in 0..<2 { duel.call(.failure) }
      case .halfOpen:
        for _ in 0..<6 { duel.call(.failure) }
        duel.wait(5_000_000_000)
      }
    }
  }

  private static func apply(_ operation: Int, to duel: inout BreakerDuel) {
    switch operation {
    case 0: duel.call(.success)
    case 1: duel.call(.failure)
    case 2: duel.admit()
    case 3: duel.finish(0, .success)
    case 4: duel.finish(0, .failure)
    case 5: duel.finish(duel.tokens.count - 1, .neutral)
    case 6: duel.wait(1_000_000_000)
    case 7: duel.wait(5_000_000_000)
    default: duel.wait(9_000_000_000)
    }
  }
}
