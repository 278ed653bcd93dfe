import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceRateLimiter

@Suite struct KeyedRefundTests {
  @Test func whatAKeyDidNotUseIsThereAgainAtOnce() {
    let limiter = KeyedRateLimiter<String>("gateway", limit: .perSecond(10, burst: 5))
    #expect(limiter.tryAcquire(5, key: "ann", at: .s(0)) == .acquired)
    #expect(limiter.tryAcquire(5, key: "bob", at: .s(0)) == .acquired)
    limiter.refund(2, key: "ann", at: .s(0))
    #expect(limiter.tryAcquire(3, key: "ann", at: .s(0)) == .refused(retryAt: .s(0.1)))
    #expect(limiter.tryAcquire(2, key: "ann", at: .s(0)) == .acquired)
    #expect(limiter.available(key: "bob", at: .s(0)) == 0)
    let snapshot = limiter.snapshot(at: .s(0))
    #expect((snapshot.acquired, snapshot.refunded, snapshot.refused) == (12, 2, 1))
    #expect(snapshot.metrics.last?.value == 2)
  }

  @Test(arguments: [1, 5, .max])
  func aKeyHasItsBurstAtMost(permits: Int) {
    let limiter = KeyedRateLimiter<String>("gateway", limit: .perSecond(10, burst: 5))
    limiter.refund(permits, key: "ann", at: .s(0))
    #expect(limiter.snapshot(at: .s(0)).keys == 0)
    #expect(limiter.tryAcquire(key: "ann", at: .s(0)) == .acquired)
    for _ in 0..<3 { limiter.refund(permits, key: "ann", at: .s(0)) }
    #expect(limiter.tryAcquire(5, key: "ann", at: .s(0)) == .acquired)
    #expect(limiter.tryAcquire(key: "ann", at: .s(0)) == .refused(retryAt: .s(0.1)))
    limiter.refund(permits, key: "ann", at: .s(5))
    #expect(limiter.available(key: "ann", at: .s(5)) == 5)
    #expect(limiter.tryAcquire(5, key: "ann", at: .s(5)) == .acquired)
    for none in [0, -1, Int.min] { limiter.refund(none, key: "ann", at: .s(5)) }
    #expect(limiter.available(key: "ann", at: .s(5)) == 0)
  }

  /// Each bucket as a level that is raised, for a few keys and long enough that they are forgotten now and
  /// then.
  @Test(arguments: 1...10)
  func agreesWithABucketForEachKeyThatIsNeverForgotten(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let limit = [RateLimit.perSecond(100, burst: 3), .perSecond(7, burst: 4), .perSecond(999_983, burst: 9)][
      random.next(below: 3)]
    let limiter = KeyedRateLimiter<Int>("gateway", limit: limit)
    let buckets = (0..<10).map { _ in TokenBucket("reference", limit: limit) }
    var now = Instant.s(1)
    for _ in 0..<10_000 {
      let interval = Int(limit.period / .nanoseconds(1)) / limit.permits
      now = now.advanced(
        byNanoseconds: Int64(random.next(below: interval)) * (random.next(below: 50) == 0 ? 40 : 1))
      let (key, permits) = (random.next(below: 10), 1 + random.next(below: 3))
      if random.next(below: 4) == 0 {
        // Of the reference nobody can give back what was not given out.
        let snapshot = buckets[key].snapshot(at: now)
        let refunded = min(permits, snapshot.acquired - snapshot.refunded)
        limiter.refund(refunded, key: key, at: now)
        buckets[key].refund(refunded, at: now)
      } else {
        #expect(limiter.tryAcquire(permits, key: key, at: now) == buckets[key].tryAcquire(permits, at: now))
      }
      if random.next(below: 300) == 0 { limiter.forgetIdleKeys(at: now) }
    }
  }

  @Test func aRefundLeavesTheNumberOfKeysBounded() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 2), maxKeys: 100)
    for round in 0..<20 {
      for key in 0..<100 {
        #expect(limiter.tryAcquire(key: round * 1000 + key, at: .s(0)) == .acquired)
        limiter.refund(key: round * 1000 + key, at: .s(0))
      }
      #expect(limiter.snapshot(at: .s(0)).keys == 0)
    }
    #expect((0..<500).count { limiter.tryAcquire(key: $0, at: .s(0)) == .acquired } == 100)
    let taken = limiter.shards.indices.reduce(0) { sum, index in
      sum + limiter.shards[index].withLock { $0.placesTaken }
    }
    #expect(limiter.places.count == 0)
    #expect(taken == 100)
  }
}
