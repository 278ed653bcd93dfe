import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct TokenBucketTests {
  @Test func aRefusalSaysWhenAndTakesNothing() {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 3))
    #expect(bucket.tryAcquire(3, at: .s(0)) == .acquired)
    for _ in 0..<5 { #expect(bucket.tryAcquire(2, at: .s(0)) == .refused(retryAt: .s(0.2))) }
    #expect(bucket.tryAcquire(2, at: .s(0.2)) == .acquired)
    let snapshot = bucket.snapshot(at: .s(0.2))
    #expect((snapshot.available, snapshot.acquired, snapshot.refused) == (0, 5, 5))
    #expect(snapshot.metrics.map(\.value) == [0, 0, 5, 5, 0])
  }

  @Test func moreThanTheBurstIsItsOwnAnswer() async {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 3))
    #expect(bucket.tryAcquire(4, at: .s(0)) == .impossible)
    #expect(bucket.tryAcquire(.max, at: .s(0)) == .impossible)
    let error = ImpossiblePermits(limiter: "mail", permits: 4, burst: 3)
    await #expect(throws: error) { try await bucket.acquire(4) }
    await #expect(throws: error) { try await bucket.run(permits: 4) {} }
    #expect(bucket.snapshot(at: .s(0)).available == 3)
  }

  @Test func row35_aRateOfZeroGivesItsBurstOnceAndNeverTraps() async {
    let closed = TokenBucket("closed", limit: .perSecond(0))
    #expect(closed.tryAcquire(at: .s(0)) == .refused(retryAt: nil))
    await #expect(throws: RateLimited(limiter: "closed", reason: .noPermit, retryAt: nil, at: .s(0))) {
      try await closed.acquire()
    }
    let once = TokenBucket("once", limit: .perSecond(0, burst: 2))
    #expect(once.tryAcquire(at: .s(0)) == .acquired)
    #expect(once.snapshot(at: .s(1)).available == 1)
    #expect(once.tryAcquire(at: .s(1_000_000)) == .acquired)
    #expect(once.tryAcquire(at: .ns(.max)) == .refused(retryAt: nil))
    #expect(throws: RateLimited(limiter: "once", reason: .noPermit, retryAt: nil, at: .s(0))) {
      try once.reserve(at: .s(5))
    }
  }

  @Test func withoutALimitEverythingPasses() throws {
    let bucket = TokenBucket("open", limit: .unlimited)
    for now in [Instant.s(5), .s(1), .ns(.min), .ns(.max)] {
      #expect(bucket.tryAcquire(at: now) == .acquired)
      #expect(bucket.tryAcquire(.max, at: now) == .acquired)
    }
    #expect(try bucket.reserve(1000, at: .s(7)).due == .s(7))
    #expect(bucket.drain(at: .s(7)) == 0)
  }

  @Test func drainTakesWhatIsThere() {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 5))
    #expect(bucket.tryAcquire(2, at: .s(0)) == .acquired)
    #expect(bucket.drain(at: .s(0.15)) == 4)
    #expect(bucket.drain(at: .s(0.15)) == 0)
    #expect(bucket.tryAcquire(at: .s(0.15)) == .refused(retryAt: .s(0.2)))
    #expect(bucket.snapshot(at: .s(0.2)).available == 1)
  }

  @Test func instantsFarApartAreCountedFromAnotherOrigin() {
    // Ticks so fine that 64 bits hold four seconds of them.
    let bucket = TokenBucket("fine", limit: .perSecond(999_999_999, burst: 2))
    for second in 0..<100 {
      let now = Instant.s(Double(second) * 1.7)
      #expect(bucket.tryAcquire(2, at: now) == .acquired)
      #expect(bucket.tryAcquire(at: now) == .refused(retryAt: now.advanced(byNanoseconds: 2)))
    }
    #expect(bucket.tryAcquire(at: .s(3)) == .refused(retryAt: Instant.s(99 * 1.7).advanced(byNanoseconds: 2)))
  }

  /// Wall-clock limiters count in fixed windows: a full quota just before the boundary, and another just
  /// after.
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
        "rate_limiter.refused limiter=mail permits=1 retry_after_seconds=0.5",
        "rate_limiter.refused limiter=mail permits=9",
      ])
  }

  @Test func errorsSayWhoWhyAndWhen() {
    #expect(
      "\(RateLimited(limiter: "mail", reason: .deadline, retryAt: .s(5002.5), at: .s(5000)))"
        == "rate limiter \"mail\" has no permit before the deadline; try again in 2.5 s at the earliest"
    )
    #expect(
      "\(RateLimited(limiter: "mail", reason: .noPermit, retryAt: nil, at: .s(5000)))"
        == "rate limiter \"mail\" has no permit left; it will never have one")
    #expect(RateLimited(limiter: "", reason: .noPermit, retryAt: .s(1), at: .s(3)).retryDelay == .zero)
    #expect(
      "\(ImpossiblePermits(limiter: "mail", permits: 4, burst: 3))"
        == "rate limiter \"mail\" refused a call: its permits must be in 0 ... 3, was 4")
  }
}
