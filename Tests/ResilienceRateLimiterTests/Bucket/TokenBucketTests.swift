import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import Testing

@Suite struct TokenBucketTests {
  @Test func aRefusalSaysWhenAndTakesNothing() {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 3))
    #expect(bucket.tryAcquire(3, at: .s(0)) == .acquired)
    for _ in 0..<5 { #expect(bucket.tryAcquire(2, at: .s(0)) == .refused(retryAt: .s(0.2))) }
    #expect(bucket.tryAcquire(2, at: .s(0.2)) == .acquired)
    let snapshot = bucket.snapshot(at: .s(0.2))
    #expect((snapshot.available, snapshot.acquired, snapshot.refused) == (0, 5, 5))
    #expect(snapshot.metrics.map(\.value) == [0, 0, 5, 5])
  }

  @Test func moreThanTheBurstIsItsOwnAnswer() async {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 3))
    #expect(bucket.tryAcquire(4, at: .s(0)) == .exceedsBurst)
    #expect(bucket.tryAcquire(.max, at: .s(0)) == .exceedsBurst)
    let error = PermitsExceedBurst(limiter: "mail", permits: 4, burst: 3)
    await #expect(throws: error) { try await bucket.acquire(4) }
    await #expect(throws: error) { try await bucket.run(permits: 4) {} }
    #expect(bucket.snapshot(at: .s(0)).available == 3)
  }

  /// With intervals, bursts and weights of all sizes, and timestamps that go back.
  @Test(arguments: 1...30)
  func agreesWithTheReferenceOnRandomOperations(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let permits = [1, 3, 7, 100, 999, 1_000_000][random.next(below: 6)]
    let burst = [1, 2, 10, 1000][random.next(below: 4)]
    let limit = RateLimit.perSecond(permits, burst: burst)
    let interval = Int64((1_000_000_000 + permits - 1) / permits)
    let bucket = TokenBucket("random", limit: limit)
    var reference = ReferenceBucket(limit, at: .s(0))
    var latest = Instant.s(1000)
    for _ in 0..<20_000 {
      latest = latest.advanced(byNanoseconds: Int64(random.next(below: Int(interval) * 2)))
      let isStale = random.next(below: 4) == 0
      let now =
        isStale ? latest.advanced(byNanoseconds: -Int64(random.next(below: Int(interval) * 5))) : latest
      let weight = 1 + random.next(below: min(burst, 5))
      if reference.take(weight, at: now) {
        #expect(bucket.tryAcquire(weight, at: now) == .acquired)
      } else {
        #expect(
          bucket.tryAcquire(weight, at: now) == .refused(retryAt: reference.earliest(weight, at: now)))
      }
    }
    #expect(bucket.snapshot(at: latest).acquired > 1000)
  }

  @Test(arguments: 1...20)
  func row33_timestampsOutOfOrderNeverYieldMoreThanTheRate(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let bucket = TokenBucket("tikv", limit: .perSecond(100, burst: 10))
    var admitted = 0
    for _ in 0..<50_000 {
      // Anywhere in ten seconds, in any order.
      let now = Instant.ns(Int64(random.next(below: 10_000_000_000)))
      if bucket.tryAcquire(at: now) == .acquired { admitted += 1 }
    }
    #expect(admitted <= 10 + 100 * 10)
  }

  @Test func row35_aRateOfZeroGivesItsBurstOnceAndNeverTraps() async {
    let closed = TokenBucket("closed", limit: .perSecond(0))
    #expect(closed.tryAcquire(at: .s(0)) == .refused(retryAt: nil))
    await #expect(throws: RateLimited(limiter: "closed", reason: .noPermit, retryAt: nil)) {
      try await closed.acquire()
    }
    let once = TokenBucket("once", limit: .perSecond(0, burst: 2))
    #expect(once.tryAcquire(at: .s(0)) == .acquired)
    #expect(once.snapshot(at: .s(1)).available == 1)
    #expect(once.tryAcquire(at: .s(1_000_000)) == .acquired)
    #expect(once.tryAcquire(at: .ns(.max)) == .refused(retryAt: nil))
  }

  /// Wall-clock limiters count in fixed windows: a full quota just before the boundary, and another just after.
  @Test(arguments: [Duration.milliseconds(1), .milliseconds(10), .seconds(1), .seconds(60)])
  func row44_noDoubleBurstAcrossAWindowAndNoTrapBelowASecond(period: Duration) {
    let bucket = TokenBucket("window", limit: RateLimit(10, per: period, burst: 10))
    let nanoseconds = Int64(period / .nanoseconds(1))
    var admitted: [Int64] = []
    for step in 0..<400 {
      let now = nanoseconds * Int64(step) / 100
      while bucket.tryAcquire(at: .ns(now)) == .acquired { admitted.append(now) }
    }
    for start in admitted {
      let inOnePeriod = admitted.count { $0 >= start && $0 < start + nanoseconds }
      #expect(inOnePeriod <= 20)
      #expect(admitted.count { $0 >= start && $0 < start + nanoseconds / 10 } <= 11)
    }
    #expect(admitted.count == 10 + 39)
  }

  @Test func threadsShareExactlyTheBurst() async {
    let bucket = TokenBucket("threads", limit: .perSecond(1, burst: 1000))
    let acquired = await withTaskGroup { group in
      for _ in 0..<4 {
        group.addTask { @concurrent () -> Int in
          (0..<2000).count { _ in bucket.tryAcquire(at: .s(0)) == .acquired }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(acquired == 1000)
  }

  @Test func reportsRefusals() {
    let recorder = EventRecorder()
    let bucket = TokenBucket("mail", limit: .perSecond(2, burst: 1), onEvent: { recorder.record($0) })
    _ = bucket.tryAcquire(at: .s(0))
    _ = bucket.tryAcquire(at: .s(0))
    _ = bucket.tryAcquire(9, at: .s(0))
    #expect(
      recorder.descriptions == [
        "limiter.refused limiter=mail permits=1 retry.at.nanoseconds=500000000",
        "limiter.refused limiter=mail permits=9",
      ])
  }

  @Test func errorsSayWhoWhyAndWhen() {
    #expect(
      "\(RateLimited(limiter: "mail", reason: .deadline, retryAt: .s(2.5)))"
        == "rate limiter \"mail\" has no permit before the deadline; try again at 2.5s at the earliest")
    #expect(
      "\(PermitsExceedBurst(limiter: "mail", permits: 4, burst: 3))"
        == "4 permits were asked of rate limiter \"mail\", which never holds more than its burst of 3")
  }
}
