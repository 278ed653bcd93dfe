import ResilienceCore
import Testing

@testable import ResilienceBulkhead

@Suite struct OutageRecoveryTests {
  private static let learned = OutageRecovery.Known(limit: 6, nanoseconds: 20_000_000)

  /// What a round of sixteen calls concludes, so many of which failed.
  private func round(failed: Int, _ recovery: inout OutageRecovery) -> OutageRecovery.Step {
    for number in 0..<16 {
      let call = AdaptiveLimit.Call(weight: 1, inUse: 3, nanoseconds: 20_000_000)
      _ = recovery.add(call, succeeded: number >= failed, limit: 6)
    }
    return recovery.concludeRound(Self.learned)
  }

  /// A breaker kept most calls away, so the limit did not fall; but what was measured was measured of calls
  /// that timed out.
  @Test func whatWasMeasuredInAnOutageIsForgottenThoughTheLimitHasNotFallen() {
    var recovery = OutageRecovery()
    #expect(round(failed: 0, &recovery) == .none)
    #expect(round(failed: 16, &recovery) == .none)
    #expect(round(failed: 0, &recovery) == .recover(limit: 6, nanoseconds: 20_000_000))
    #expect(!recovery.isRecovering)
    #expect(round(failed: 0, &recovery) == .none)
  }

  @Test func whereSomeCallsAlwaysFailNothingIsForgotten() {
    var recovery = OutageRecovery()
    #expect(round(failed: 0, &recovery) == .none)
    for _ in 0..<3 {
      #expect(round(failed: 4, &recovery) == .none)
      #expect(round(failed: 0, &recovery) == .none)
    }
  }
}
