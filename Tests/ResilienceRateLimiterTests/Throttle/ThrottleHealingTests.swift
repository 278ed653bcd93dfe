import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

/// How soon an adaptive throttle believes that its destination is well again.
@Suite struct ThrottleHealingTests {
  private static let second: Int64 = 1_000_000_000

  private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1e9)) }

  private static let runs: [(Double, Int)] = [
    (0.5, 7), (2.0 / 3, 12), (10.0 / 11, 49), (0.09, 2), (1.0 / 98, 2), (1.0 / 102, 1), (0.0005, 1),
    (1, 8192),
  ]

  @Test(arguments: runs)
  func aRunThatChanceShowsOnceInAHundredTimesIsEnough(share: Double, run: Int) {
    #expect(ThrottleHealing.sufficientRun(share) == run)
  }

  @Test func eachAcceptedCallInARowCountsAfterAQuietSecond() {
    var healing = ThrottleHealing(AdaptiveThrottlePolicy())
    #expect(healing.share(at: at(0)) == 0)
    // Half of the calls were accepted.
    for accepts in 51...54 { healing.noteAcceptance(accepts: Int64(accepts), refusals: 50) }
    #expect(healing.share(at: at(0.999)) == 0)
    #expect(healing.share(at: at(1)) == 4.0 / 7)
    for accepts in 55...57 { healing.noteAcceptance(accepts: Int64(accepts), refusals: 50) }
    #expect(healing.share(at: at(1.1)) == 1)
    healing.noteRefusal()
    #expect(healing.share(at: at(1.2)) == 0)
    healing.noteAcceptance(accepts: 51, refusals: 50)
    #expect(healing.share(at: at(2.1)) == 0, "the second begins with the refusal")
    #expect(healing.share(at: at(2.2)) == 1.0 / 7)
  }

  @Test func afterATimeInWhichNothingWasAcceptedOneIsEnoughAndAtOnce() {
    var healing = ThrottleHealing(AdaptiveThrottlePolicy())
    healing.noteRefusal()
    #expect(healing.share(at: at(0)) == 0)
    healing.noteAcceptance(accepts: 1, refusals: 480)
    #expect(healing.share(at: at(0.01)) == 1)
    healing.noteRefusal()
    #expect(healing.share(at: at(0.02)) == 0, "it was chance")
  }

  /// Twenty calls a second, after an outage of five minutes: without this, calls are held back for two more.
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func afterAnOutageOfFiveMinutesNothingIsHeldBackAfterHalfASecond(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let throttle = AdaptiveThrottle("payment")
    var (held, sent) = (0, 0)
    for call in 0..<(20 * 320) {
      let now = at(Double(call) / 20)
      guard case .admitted(let permit) = throttle.admit(at: now, draw: random.next()) else {
        if now >= at(300.5) { held += 1 }
        continue
      }
      if now >= at(200), now < at(300) { sent += 1 }
      throttle.record(now < at(300) ? .failure : .success, of: permit)
    }
    #expect(held == 0)
    #expect(sent < 700, "it was sent \(sent) of 2000 calls while it was down")
  }

  /// It accepts fifty calls at the beginning of each second and refuses the rest: fifty in a row say nothing.
  @Test func whoHasAQuotaBySecondIsSentTwiceOfItAsBefore() {
    let random = SeededRandomSource(seed: 3)
    let throttle = AdaptiveThrottle(
      "payment", policy: AdaptiveThrottlePolicy(window: .seconds(12), probes: 0))
    var sent = 0
    for second in 0..<120 {
      var free = 50
      for call in 0..<500 {
        let now = at(Double(second) + Double(call) / 500)
        guard case .admitted(let permit) = throttle.admit(at: now, draw: random.next()) else { continue }
        if second >= 60 { sent += 1 }
        throttle.record(free > 0 ? .success : .failure(.overloaded), of: permit)
        free -= 1
      }
    }
    #expect((90 * 60...115 * 60).contains(sent), "\(sent / 60) a second")
  }
}
