import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct KeyedRateLimiterTests {
  @Test func eachKeyHasItsOwnBucket() {
    let limiter = KeyedRateLimiter<String>("gateway", limit: .perSecond(10, burst: 2))
    #expect(limiter.tryAcquire(2, key: "ann", at: .s(0)) == .acquired)
    #expect(limiter.tryAcquire(key: "ann", at: .s(0)) == .refused(retryAt: .s(0.1)))
    #expect(limiter.tryAcquire(key: "bob", at: .s(0)) == .acquired)
    #expect(limiter.tryAcquire(3, key: "bob", at: .s(0)) == .impossible)
    #expect(limiter.tryAcquire(3, key: "cid", at: .s(0)) == .impossible)
    let snapshot = limiter.snapshot(at: .s(0))
    #expect((snapshot.keys, snapshot.acquired, snapshot.refused) == (2, 3, 3))
  }

  /// Against one reference bucket per key that is never forgotten.
  @Test(arguments: 1...10)
  func row42_forgettingIdleKeysChangesNothing(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(100, burst: 3), maxKeys: 100_000)
    var references: [Int: ReferenceBucket] = [:]
    var now = Instant.s(1)
    for _ in 0..<30_000 {
      now = now.advanced(byNanoseconds: Int64(random.next(below: 400_000)))
      // Mostly the same few, and a trail of new ones.
      let isRegular = random.next(below: 2) == 0
      let key = isRegular ? random.next(below: 20) : Int(now.nanoseconds / 2_000_000)
      var reference = references[key] ?? ReferenceBucket(.perSecond(100, burst: 3), at: now)
      if reference.take(1, at: now) {
        #expect(limiter.tryAcquire(key: key, at: now) == .acquired)
      } else {
        #expect(limiter.tryAcquire(key: key, at: now) == .refused(retryAt: reference.earliest(1, at: now)))
      }
      references[key] = reference
    }
    #expect(references.count > 2000)
    #expect(limiter.snapshot(at: now).keys < 600)
  }

  @Test func row42_aFloodOfNewKeysIsBoundedAndLeavesTheKnownOnesAlone() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(1, burst: 2), maxKeys: 1000)
    for key in 0..<1000 { #expect(limiter.tryAcquire(2, key: key, at: .s(0)) == .acquired) }
    for key in 1000..<50_000 { #expect(limiter.tryAcquire(key: key, at: .s(1)) == .refused(retryAt: .s(2))) }
    #expect(limiter.snapshot(at: .s(1)).keys == 1000)
    for key in 0..<1000 {
      #expect(limiter.tryAcquire(key: key, at: .s(1.5)) == .acquired)
      #expect(limiter.tryAcquire(key: key, at: .s(1.5)) == .refused(retryAt: .s(2)))
    }
    // Full again at 3 s, and swept out a sixteenth of the time to fill after the last sweep.
    #expect(limiter.tryAcquire(key: 5000, at: .s(2.9)) == .refused(retryAt: .s(3.025)))
    #expect(limiter.tryAcquire(key: 5000, at: .s(3.025)) == .acquired)
    #expect(limiter.snapshot(at: .s(3.025)).keys == 1)
  }

  @Test func row33_aForgottenKeyYieldsNothingToATimestampFromThePast() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 10))
    var admitted = 0
    for round in 0..<20 {
      for _ in 0..<30 where limiter.tryAcquire(key: 0, at: .s(0)) == .acquired { admitted += 1 }
      // Enough new keys, late enough, that key 0 is forgotten.
      for key in 1...300 {
        _ = limiter.tryAcquire(key: 1000 * round + key, at: .s(Double(10 + round)))
      }
    }
    #expect(limiter.snapshot(at: .s(30)).keys < 1000)
    #expect(admitted == 10)
  }

  @Test func row35_aRateOfZeroIsClosedForEveryKey() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(0), maxKeys: 2)
    for key in 0..<10 { #expect(limiter.tryAcquire(key: key, at: .s(Double(key))) == .refused(retryAt: nil)) }
    let once = KeyedRateLimiter<Int>("gateway", limit: .perSecond(0, burst: 1), maxKeys: 2)
    for key in 0..<2 { #expect(once.tryAcquire(key: key, at: .s(0)) == .acquired) }
    for key in 0..<4 { #expect(once.tryAcquire(key: key, at: .s(1e6)) == .refused(retryAt: nil)) }
  }

  @Test func row43_aNewLimitKeepsWhatWasTaken() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: .perSecond(10, burst: 10))
    for key in 0..<100 { #expect(limiter.tryAcquire(key % 10 + 1, key: key, at: .s(0)) == .acquired) }
    limiter.update(.perSecond(100, burst: 20), at: .s(0))
    #expect(limiter.limit == .perSecond(100, burst: 20))
    for key in 0..<100 { #expect(limiter.available(key: key, at: .s(0)) == 20 - (key % 10 + 1)) }
    #expect(limiter.available(key: 9, at: .s(0.02)) == 12)
    limiter.update(.perSecond(1, burst: 3), at: .s(0))
    #expect(limiter.tryAcquire(3, key: 0, at: .s(0)) == .refused(retryAt: .s(1)))
    #expect(limiter.tryAcquire(2, key: 0, at: .s(0)) == .acquired)
    #expect(limiter.tryAcquire(key: 9, at: .s(0)) == .refused(retryAt: .s(8)))
    limiter.update(.unlimited, at: .s(0))
    for _ in 0..<100 { #expect(limiter.tryAcquire(1_000_000, key: 9, at: .s(0)) == .acquired) }
    #expect(limiter.snapshot(at: .s(0)).keys == 0)
    limiter.update(.perSecond(0), at: .s(0))
    #expect(limiter.tryAcquire(key: 9, at: .s(100)) == .refused(retryAt: nil))
  }

  /// coenttb/swift-ratelimiter: a recorded failure denies the key until a success is recorded.
  @Test func row44_aRefusalCostsTheKeyNothing() {
    let limiter = KeyedRateLimiter<String>("gateway", limit: .perSecond(10, burst: 1))
    #expect(limiter.tryAcquire(key: "ann", at: .s(0)) == .acquired)
    for tick in 0..<100 { #expect(limiter.tryAcquire(key: "ann", at: .s(Double(tick) / 1001)) != .acquired) }
    #expect(limiter.tryAcquire(key: "ann", at: .s(0.1)) == .acquired)
    #expect(limiter.tryAcquire(2, key: "ann", at: .s(0.3)) == .impossible)
    #expect(limiter.tryAcquire(key: "ann", at: .s(0.3)) == .acquired)
  }

  @Test func limitsAHandlerByInput() throws {
    struct Request: Sendable { var customer: String }
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let limiter = KeyedRateLimiter<String>(
        "gateway", limit: .perSecond(10, burst: 1), maxKeys: 1, onEvent: { recorder.record($0) })
      let call = ServiceCall { (request: Request) in request.customer }.rateLimit(
        limiter, by: { $0.customer })
      #expect(try await call(Request(customer: "ann")) == "ann")
      await #expect(throws: RateLimited(limiter: "gateway", reason: .noPermit, retryAt: .s(0.1), at: .s(0))) {
        try await call(Request(customer: "ann"))
      }
      await #expect(
        throws: RateLimited(limiter: "gateway", reason: .tooManyKeys, retryAt: .s(0.1), at: .s(0))
      ) {
        try await call(Request(customer: "bob"))
      }
      try await sim.sleep(for: .milliseconds(100))
      #expect(try await call(Request(customer: "bob")) == "bob")
      try await sim.sleep(for: .milliseconds(100))
      await #expect(throws: RateLimited(limiter: "gateway", reason: .noPermit, retryAt: .s(0.3), at: .s(0.2)))
      {
        try await limiter.run(key: "bob") {
          try await limiter.run(key: "bob") {}
        }
      }
    }
    #expect(
      recorder.descriptions == [
        "rate_limiter.refused limiter=gateway key=ann permits=1 retry_after_seconds=0.1",
        "rate_limiter.refused limiter=gateway key=bob permits=1 retry_after_seconds=0.1",
        "rate_limiter.refused limiter=gateway key=bob permits=1 retry_after_seconds=0.1",
      ])
  }

  @Test func limitsAHandlerByTheCostOfItsInput() throws {
    try Simulation(seed: 1).run { sim in
      let limiter = KeyedRateLimiter<Bool>("gateway", limit: .perSecond(10, burst: 5))
      let call = ServiceCall { (size: Int) in size }.rateLimit(limiter, by: { $0 % 2 == 0 }, cost: { $0 })
      _ = try await call(4)
      _ = try await call(3)
      await #expect(throws: RateLimited(limiter: "gateway", reason: .noPermit, retryAt: .s(0.1), at: .s(0))) {
        try await call(2)
      }
      await #expect(throws: ImpossiblePermits(limiter: "gateway", permits: 6, burst: 5)) {
        try await call(6)
      }
      _ = try await call(0)
      #expect(sim.now == .s(0))
    }
  }
}
