import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct OwnLimitTests {
  private let gold = RateLimit.perSecond(100)
  private let free = RateLimit.perSecond(5)

  private func makeLimiter(maxKeys: Int = 100) -> KeyedRateLimiter<String> {
    KeyedRateLimiter("gateway", limit: free, maxKeys: maxKeys)
  }

  private func taken(_ limiter: KeyedRateLimiter<String>, _ key: String, at now: Instant) -> Int {
    (0..<1000).prefix { _ in limiter.tryAcquire(key: key, at: now) == .acquired }.count
  }

  @Test func aKeyGoesByItsOwnLimitAndTheOthersByTheirs() throws {
    let limiter = makeLimiter()
    try limiter.setLimit(gold, forKey: "ann", at: .s(0))
    try limiter.setLimit(.unlimited, forKey: "root", at: .s(0))
    try limiter.setLimit(RateLimit(0, per: .seconds(1)), forKey: "eve", at: .s(0))
    #expect(taken(limiter, "ann", at: .s(0)) == 100)
    #expect(taken(limiter, "bob", at: .s(0)) == 5)
    #expect(taken(limiter, "root", at: .s(0)) == 1000)
    #expect(limiter.tryAcquire(key: "eve", at: .s(0)) == .refused(retryAt: nil))
    #expect(limiter.tryAcquire(key: "ann", at: .s(0)) == .refused(retryAt: .s(0.01)))
    #expect(limiter.tryAcquire(key: "bob", at: .s(0)) == .refused(retryAt: .s(0.2)))
    #expect(taken(limiter, "ann", at: .s(0.5)) == 50)
    #expect(taken(limiter, "bob", at: .s(0.5)) == 2)
    #expect(limiter.snapshot(at: .s(0.5)).acquired == 1157)
  }

  @Test func whatAKeyOwesStaysOwedWhenItsLimitChanges() throws {
    let limiter = makeLimiter()
    #expect(taken(limiter, "ann", at: .s(0)) == 5)
    try limiter.setLimit(gold, forKey: "ann", at: .s(0))
    #expect(limiter.available(key: "ann", at: .s(0)) == 95)
    #expect(taken(limiter, "ann", at: .s(0)) == 95)
    // 100 are owed, and come back at 200 a second.
    try limiter.setLimit(.perSecond(200), forKey: "ann", at: .s(0))
    #expect(limiter.available(key: "ann", at: .s(0.25)) == 150)
    // 50 are owed, of which 5 a second come back.
    #expect(limiter.removeLimit(forKey: "ann", at: .s(0.25)))
    #expect(limiter.tryAcquire(key: "ann", at: .s(0.25)) == .refused(retryAt: .s(9.45)))
    #expect(!limiter.removeLimit(forKey: "ann", at: .s(0.25)))
    // Back and forth gives nobody a burst.
    for _ in 0..<10 {
      try limiter.setLimit(gold, forKey: "ann", at: .s(0.25))
      limiter.removeLimit(forKey: "ann", at: .s(0.25))
    }
    #expect(limiter.tryAcquire(key: "ann", at: .s(0.25)) == .refused(retryAt: .s(9.45)))
  }

  /// Every key beside a bucket of its own that is never forgotten, whose limit is changed as the key's.
  @Test(arguments: 1...20)
  func agreesWithABucketForEachKey(seed: UInt64) throws {
    let random = SeededRandomSource(seed: seed)
    let limits = [RateLimit.perSecond(100, burst: 3), .perSecond(7, burst: 4), .perSecond(999_983, burst: 9)]
    var common = limits[random.next(below: 3)]
    let limiter = KeyedRateLimiter<Int>("gateway", limit: common)
    let buckets = (0..<10).map { _ in TokenBucket("reference", limit: common) }
    var own: Set<Int> = []
    var now = Instant.s(1)
    for _ in 0..<5_000 {
      // Up to a permit of the slowest, and at times hours.
      let pause = random.next(below: 50) == 0 ? 7_200_000_000_000 : 150_000_000
      now = now.advanced(byNanoseconds: Int64(random.next(below: pause)))
      let (key, permits) = (random.next(below: 10), 1 + random.next(below: 4))
      switch random.next(below: 12) {
      case 0:
        let limit = limits[random.next(below: 3)]
        try limiter.setLimit(limit, forKey: key, at: now)
        own.insert(key)
        buckets[key].update(limit, at: now)
      case 1:
        #expect(limiter.removeLimit(forKey: key, at: now) == (own.remove(key) != nil))
        buckets[key].update(common, at: now)
      case 2:
        common = limits[random.next(below: 3)]
        limiter.update(common, at: now)
        for key in 0..<10 where !own.contains(key) { buckets[key].update(common, at: now) }
      case 3:
        limiter.forgetIdleKeys(at: now)
      case 4:
        let snapshot = buckets[key].snapshot(at: now)
        let refunded = min(permits, snapshot.acquired - snapshot.refunded)
        limiter.refund(refunded, key: key, at: now)
        buckets[key].refund(refunded, at: now)
      default:
        #expect(limiter.tryAcquire(permits, key: key, at: now) == buckets[key].tryAcquire(permits, at: now))
      }
      #expect(limiter.available(key: key, at: now) == buckets[key].snapshot(at: now).available)
      #expect(limiter.limit(of: key) == buckets[key].limit)
    }
    #expect(limiter.snapshot(at: now).ownLimits == own.count)
  }

  @Test func anInstantFromThePastForgivesNothing() throws {
    let limiter = makeLimiter()
    #expect(taken(limiter, "ann", at: .s(10)) == 5)
    try limiter.setLimit(gold, forKey: "ann", at: .s(1))
    #expect(limiter.available(key: "ann", at: .s(10)) == 95)
    #expect(taken(limiter, "ann", at: .s(10)) == 95)
    limiter.removeLimit(forKey: "ann", at: .s(1))
    #expect(limiter.tryAcquire(key: "ann", at: .s(10)) == .refused(retryAt: .s(29.2)))
  }

  @Test func aLimitOfItsOwnOutlivesEverySweep() throws {
    let limiter = makeLimiter(maxKeys: 50)
    try limiter.setLimit(gold, forKey: "ann", at: .s(0))
    for hour in 1...100 {
      let now = Instant.s(Double(hour) * 3600)
      limiter.forgetIdleKeys(at: now)
      // Many more than there may be.
      for number in 0..<100 { _ = limiter.tryAcquire(key: "\(number)", at: now) }
    }
    #expect(taken(limiter, "ann", at: .s(360_000)) == 100)
    #expect(limiter.limit(of: "ann") == gold)
  }

  @Test func limitsOfTheirOwnAreBounded() throws {
    let limiter = makeLimiter(maxKeys: 2)
    try limiter.setLimit(gold, forKey: "ann", at: .s(0))
    try limiter.setLimit(gold, forKey: "bob", at: .s(0))
    let full = RateLimited(limiter: "gateway", reason: .tooManyKeys, retryAt: nil, at: .s(0))
    #expect(throws: full) { try limiter.setLimit(gold, forKey: "cid", at: .s(0)) }
    #expect(limiter.limit(of: "cid") == free)
    #expect(limiter.tryAcquire(key: "cid", at: .s(0)) == .refused(retryAt: nil))
    // Those that have one are changed and served as ever.
    try limiter.setLimit(.perSecond(50), forKey: "ann", at: .s(0))
    #expect(taken(limiter, "ann", at: .s(0)) == 50)
    // Its place is free as soon as it owes nothing.
    limiter.removeLimit(forKey: "bob", at: .s(0))
    #expect(limiter.tryAcquire(key: "cid", at: .s(0)) == .acquired)
    #expect(limiter.snapshot(at: .s(0)).keys == 2)
  }

  @Test func everyFaceShowsIt() async throws {
    let limiter = makeLimiter()
    let call = ServiceCall("get") { (key: String) in key }.rateLimit(limiter, by: { $0 }, cost: { $0.count })
    #expect(call.layers[0].detail == "gateway (5 per 1 s, burst 5, by key)")
    try Simulation(seed: 1).run { _ in
      try limiter.setLimit(.perSecond(7), forKey: "abcdef")
      _ = try await call("abcdef")
      let error = await #expect(throws: RateLimited.self) { try await call("abcdef") }
      #expect(error?.retryAt == Instant(nanoseconds: 714_285_715))
      await #expect(throws: ImpossiblePermits(limiter: "gateway", permits: 6, burst: 5)) {
        try await call("ghijkl")
      }
      try limiter.setLimit(.perSecond(3), forKey: "abcdef")
      await #expect(throws: ImpossiblePermits(limiter: "gateway", permits: 6, burst: 3)) {
        try await call("abcdef")
      }
      #expect(limiter.tryAcquire(4, key: "abcdef") == .impossible)
      let fields = limiter.fields(of: "abcdef")
      #expect(fields.policy == "\"gateway\";q=3;w=1")
      #expect(fields.remaining == "0")
      #expect(limiter.fields(of: "ghijkl").policy == "\"gateway\";q=5;w=1")
      let snapshot = limiter.snapshot()
      #expect((snapshot.keys, snapshot.ownLimits) == (1, 1))
    }
    #expect(call.layers[0].detail == "gateway (5 per 1 s, burst 5, by key, 1 with a limit of their own)")
  }

  /// Plans change while calls run: nobody gets more than the larger of the two gives.
  @Test func changesWhileCallsRun() async throws {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: RateLimit(1, per: .seconds(3600), burst: 100))
    let plan = RateLimit(1, per: .seconds(3600), burst: 200)
    var granted = await withTaskGroup(of: Int.self) { group in
      for worker in 0..<4 {
        group.addTask {
          (0..<2_000).count { round in
            if worker == 0, round.isMultiple(of: 7) { try? limiter.setLimit(plan, forKey: 7, at: .s(0)) }
            if worker == 1, round.isMultiple(of: 11) { limiter.removeLimit(forKey: 7, at: .s(0)) }
            if worker == 2, round.isMultiple(of: 13) { limiter.forgetIdleKeys(at: .s(0)) }
            return limiter.tryAcquire(key: 7, at: .s(0)) == .acquired
          }
        }
      }
      return await group.reduce(0, +)
    }
    try limiter.setLimit(plan, forKey: 7, at: .s(0))
    while limiter.tryAcquire(key: 7, at: .s(0)) == .acquired { granted += 1 }
    #expect(granted == 200)
    #expect(limiter.snapshot(at: .s(0)).ownLimits == 1)
  }
}
