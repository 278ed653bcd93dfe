import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

/// Instants in the wrong order, and from both ends of time: no permit is given out that is not there.
@Suite struct NoPhantomPermitsTests {
  private struct Admission {
    var at: Int64
    var permits: Int
  }

  /// In every interval between two admissions at most the burst, and what the rate yields in it.
  private func exceeds(_ admissions: [Admission], _ limit: RateLimit) -> Bool {
    let period = limit.period.attoseconds / 1_000_000_000
    var surplus: Int128 = 0
    var least = Int128.max
    for admission in admissions.sorted(by: { $0.at < $1.at }) {
      let yielded = Int128(admission.at) * Int128(limit.permits)
      least = min(least, surplus - yielded)
      surplus += Int128(admission.permits) * period
      if surplus - yielded > least + Int128(limit.burst) * period { return true }
    }
    return false
  }

  private func instant(_ random: SeededRandomSource, around limit: RateLimit) -> Instant {
    let base = [Int64.min, -(1 << 62), 0, 1 << 62, .max][random.next(below: 5)]
    let interval = max(1, limit.period.clampedNanoseconds / Int64(limit.permits))
    let shift = Int64(random.next(below: 40)) &* interval / 4
    return Instant.ns(base).advanced(byNanoseconds: base > 0 ? -shift : shift)
  }

  private static let limits = [
    RateLimit.perSecond(10, burst: 3), .perSecond(999_999_937, burst: 4), .perSecond(1_000_000_000, burst: 9),
    RateLimit(7, per: .seconds(86_400), burst: 5), RateLimit(1, per: .nanoseconds(1 << 58), burst: 4),
  ]

  @Test(arguments: limits, 1...8 as ClosedRange<UInt64>)
  func row33_noIntervalSeesMoreThanTheBurstAndTheRateAtBothEnds(limit: RateLimit, seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let bucket = TokenBucket("ends", limit: limit)
    let keyed = KeyedRateLimiter<Int>("ends", limit: limit, maxKeys: 3)
    var ofBucket: [Admission] = []
    // A key's instants from before what can be counted are taken for later ones: those it may have come at.
    var ofKey: [Admission] = []
    var latest = Int64.min
    for step in 0..<2000 {
      let now = instant(random, around: limit)
      let permits = 1 + random.next(below: limit.burst)
      if bucket.tryAcquire(permits, at: now) == .acquired {
        ofBucket.append(Admission(at: now.nanoseconds, permits: permits))
      }
      if keyed.tryAcquire(permits, key: 0, at: now) == .acquired {
        latest = max(latest, now.nanoseconds)
        ofKey.append(Admission(at: latest, permits: permits))
      }
      if step % 50 == 0 { keyed.forgetIdleKeys(at: instant(random, around: limit)) }
      _ = keyed.tryAcquire(key: 1 + random.next(below: 5), at: now)
    }
    #expect(!exceeds(ofBucket, limit))
    #expect(!exceeds(ofKey, limit))
    #expect(!ofBucket.isEmpty && !ofKey.isEmpty)
  }

  /// Whoever changes the limit may have read the clock before whoever took all permits.
  @Test(arguments: [Int64.min, -5_000_000_000, 0, 99_999_999_999, 100_000_000_000], limits)
  func row43_anUpdateAtAnOlderInstantForgivesNothing(instant: Int64, limit: RateLimit) {
    for other in Self.limits {
      let now = Instant.s(100)
      let (bucket, keyed) = (TokenBucket("mail", limit: limit), KeyedRateLimiter<Int>("mail", limit: limit))
      for _ in 0..<limit.burst {
        #expect(bucket.tryAcquire(at: now) == .acquired)
        #expect(keyed.tryAcquire(key: 1, at: now) == .acquired)
      }
      // The first as it was, to and fro; then another one with a burst that is no larger.
      for next in [
        limit, RateLimit(other.permits, per: other.period, burst: min(limit.burst, other.burst)), limit,
      ] {
        bucket.update(next, at: .ns(instant))
        keyed.update(next, at: .ns(instant))
        #expect(bucket.tryAcquire(at: now) != .acquired, "\(limit) and \(next)")
        #expect(keyed.tryAcquire(key: 1, at: now) != .acquired, "\(limit) and \(next)")
        #expect(bucket.snapshot(at: now).available == 0)
        #expect(keyed.available(key: 1, at: now) == 0)
      }
    }
  }

  /// What is owed is as much as before, and not more: after the time that it takes everything is there again.
  @Test func anUpdateAtAnOlderInstantOwesNoMoreThanWasTaken() {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 10))
    let keyed = KeyedRateLimiter<Int>("mail", limit: .perSecond(10, burst: 10))
    // The first closes and opens the word; the others are taken from it without a lock.
    #expect(bucket.tryAcquire(at: .s(50)) == .acquired)
    #expect(bucket.tryAcquire(10, at: .s(100)) == .acquired)
    #expect(keyed.tryAcquire(10, key: 1, at: .s(100)) == .acquired)
    bucket.update(.perSecond(20, burst: 10), at: .s(3))
    keyed.update(.perSecond(20, burst: 10), at: .s(3))
    #expect(bucket.tryAcquire(10, at: .ns(100_499_999_999)) == .refused(retryAt: .s(100.5)))
    #expect(keyed.tryAcquire(10, key: 1, at: .ns(100_499_999_999)) == .refused(retryAt: .s(100.5)))
    #expect(bucket.tryAcquire(10, at: .s(100.5)) == .acquired)
    #expect(keyed.tryAcquire(10, key: 1, at: .s(100.5)) == .acquired)
    // A smaller burst leaves more owed than fits: no sign of a later taking.
    bucket.update(.perSecond(20, burst: 2), at: .s(100.5))
    keyed.update(.perSecond(20, burst: 2), at: .s(100.5))
    bucket.update(.perSecond(20, burst: 10), at: .s(100.5))
    keyed.update(.perSecond(20, burst: 10), at: .s(100.5))
    #expect(bucket.tryAcquire(at: .s(100.5)) == .refused(retryAt: .s(100.55)))
    #expect(keyed.tryAcquire(key: 1, at: .s(100.5)) == .refused(retryAt: .s(100.55)))
  }

  /// With ticks so fine that the origin moves every second or two.
  @Test func theFloorMovesAlongWithTheOrigin() {
    let limiter = KeyedRateLimiter<Int>("fine", limit: .perSecond(999_999_937, burst: 2))
    for second in 0..<200 {
      let now = Instant.s(Double(second) * 0.7)
      limiter.forgetIdleKeys(at: now)
      #expect(limiter.available(key: 1, at: now) == 2)
      #expect(limiter.tryAcquire(2, key: 1, at: now) == .acquired)
      #expect(limiter.tryAcquire(key: 1, at: now) != .acquired)
    }
  }
}
