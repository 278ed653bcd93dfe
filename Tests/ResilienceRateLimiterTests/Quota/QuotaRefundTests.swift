import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct QuotaRefundTests {
  @Test func whatWasNotUsedIsThereAgainInEveryQuota() {
    let limiter = QuotaLimiter("partner", quotas: [.perSecond(10), .perMinute(25)])
    #expect(limiter.tryAcquire(10, at: .s(0)) == .acquired)
    limiter.refund(4, takenAt: .s(0))
    #expect(limiter.snapshot(at: .s(0)).usage.map(\.available) == [4, 19])
    #expect(limiter.tryAcquire(4, at: .s(0.5)) == .acquired)
    // The first quota has forgotten it by then; the second has not.
    #expect(limiter.snapshot(at: .s(3)).usage.map(\.available) == [10, 15])
    limiter.refund(4, takenAt: .s(0.5))
    #expect(limiter.snapshot(at: .s(3)).usage.map(\.available) == [10, 19])
    let snapshot = limiter.snapshot(at: .s(3))
    #expect((snapshot.acquired, snapshot.refunded) == (14, 8))
    #expect(snapshot.metrics.last?.value == 8)
  }

  @Test(arguments: [0, -1, .min])
  func aNumberThatIsNoneGivesNothingBack(permits: Int) {
    let limiter = QuotaLimiter("partner", quotas: [.perSecond(10)])
    #expect(limiter.tryAcquire(10, at: .s(0)) == .acquired)
    limiter.refund(permits, takenAt: .s(0))
    #expect(limiter.snapshot(at: .s(0)).usage.map(\.available) == [0])
    limiter.refund(.max, takenAt: .s(0))
    limiter.refund(.max, takenAt: .s(0))
    #expect(limiter.snapshot(at: .s(0)).usage.map(\.available) == [10])
    #expect(limiter.snapshot(at: .s(0)).refunded == 10)
  }

  @Test func onlyWhatWasTakenThenOrLaterComesBack() {
    let limiter = QuotaLimiter("partner", quotas: [.perMinute(10)])
    #expect(limiter.tryAcquire(5, at: .s(0)) == .acquired)
    #expect(limiter.tryAcquire(5, at: .s(30)) == .acquired)
    limiter.refund(8, takenAt: .s(30))
    #expect(limiter.snapshot(at: .s(30)).usage.map(\.available) == [5])
    limiter.refund(2, takenAt: .s(31))
    #expect(limiter.snapshot(at: .s(30)).usage.map(\.available) == [5])
    // A timestamp from the past is counted in the present, and given back there.
    #expect(limiter.tryAcquire(5, at: .s(10)) == .acquired)
    limiter.refund(2, takenAt: .s(10))
    #expect(limiter.snapshot(at: .s(61)).usage.map(\.available) == [7])
    // What is forgotten has come back by itself: it is not given back for another.
    limiter.refund(2, takenAt: .s(0))
    #expect(limiter.snapshot(at: .s(61)).usage.map(\.available) == [7])
  }

  /// Whatever is given back, and when: never more than the quota is used in any period.
  @Test(arguments: 1...20)
  func row33_neverMoreThanTheQuotaIsUsedInAnyPeriod(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let limiter = QuotaLimiter(
      "partner", quotas: [Quota(5, per: .nanoseconds(1000)), Quota(9, per: .nanoseconds(5000))])
    var takings: [(at: Int64, permits: Int)] = []
    var now: Int64 = 0
    var refunds = 0
    for _ in 0..<3000 {
      now += Int64(random.next(below: 200))
      let permits = 1 + random.next(below: 3)
      if random.next(below: 3) == 0, !takings.isEmpty {
        let recent = max(0, takings.count - 12)
        let index = recent + random.next(below: takings.count - recent)
        limiter.refund(takings[index].permits, takenAt: .ns(takings[index].at))
        takings.remove(at: index)
        refunds += 1
      } else if limiter.tryAcquire(permits, at: .ns(now)) == .acquired {
        takings.append((now, permits))
      }
      for (quota, period) in [(5, 1000), (9, 5000)] as [(Int, Int64)] {
        let used = takings.reduce(0) { $1.at > now - period ? $0 + $1.permits : $0 }
        #expect(used <= quota, "seed \(seed)")
      }
    }
    #expect(refunds > 100)
  }
}
