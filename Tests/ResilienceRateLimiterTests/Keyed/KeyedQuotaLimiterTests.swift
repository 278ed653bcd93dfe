import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct KeyedQuotaLimiterTests {
  /// 2010-12-01T08:26:00Z.
  private let morning = UnixTime(nanoseconds: 1_291_191_960_000_000_000)

  /// Each key beside a limiter of its own that is never forgotten.
  @Test(arguments: 1...10)
  func agreesWithALimiterForEachKey(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var quotas = [Quota.perSecond(3), .perMinute(20), Quota(500, each: .hour)]
    let limiter = KeyedQuotaLimiter<Int>("partner", quotas: quotas)
    let references = (0..<10).map { _ in QuotaLimiter("partner", quotas: quotas) }
    var now = Instant.s(0)
    for _ in 0..<5_000 {
      now = now.advanced(by: .milliseconds(random.next(below: random.next(below: 100) == 0 ? 600_000 : 150)))
      let wall = morning.advanced(by: .nanoseconds(now.nanoseconds))
      let (key, permits) = (random.next(below: 10), random.next(below: 4))
      switch random.next(below: 30) {
      case 0: limiter.forgetIdleKeys(at: now, unixTime: wall)
      case 1:
        quotas = [Quota.perSecond(3 + random.next(below: 3)), .perMinute(20), Quota(500, each: .hour)]
        limiter.update(quotas, at: now, unixTime: wall)
        for reference in references { reference.update(quotas, at: now, unixTime: wall) }
      case 2:
        let counts = references[key].counts
        let refunded = min(permits, counts.acquired - counts.refunded)
        limiter.refund(refunded, key: key, takenAt: now)
        references[key].refund(refunded, takenAt: now)
      default:
        #expect(
          limiter.tryAcquire(permits, key: key, at: now, unixTime: wall)
            == references[key].tryAcquire(permits, at: now, unixTime: wall), "seed \(seed)")
      }
      let usage = references[key].snapshot(at: now, unixTime: wall).usage
      #expect(limiter.usage(of: key, at: now, unixTime: wall) == usage, "seed \(seed)")
    }
    // The counts of keys that were forgotten are not.
    let snapshot = limiter.snapshot()
    #expect(snapshot.acquired == references.reduce(0) { $0 + $1.counts.acquired })
    #expect(snapshot.refused == references.reduce(0) { $0 + $1.counts.refused })
  }

  @Test func aFloodOfKeysPushesNobodyOut() {
    let limiter = KeyedQuotaLimiter<String>("partner", quotas: [.perSecond(5)], maxKeys: 2)
    #expect(limiter.tryAcquire(5, key: "ann", at: .s(0)) == .acquired)
    #expect(limiter.tryAcquire(1, key: "bob", at: .s(0)) == .acquired)
    for number in 0..<1000 {
      #expect(limiter.tryAcquire(key: "\(number)", at: .s(0)) == .refused(retryAt: .s(1.015625)))
    }
    #expect(limiter.tryAcquire(key: "ann", at: .s(0)) == .refused(retryAt: .s(1.015625)))
    #expect(limiter.tryAcquire(4, key: "bob", at: .s(0)) == .acquired)
    #expect(limiter.snapshot().keys == 2)
    #expect(limiter.snapshot().refused == 1001)
    // What nobody uses any more makes room.
    #expect(limiter.tryAcquire(key: "cid", at: .s(2)) == .acquired)
  }

  /// A key that is forgotten after midnight is not given the day before again.
  @Test func aWallClockThatIsPutBackGivesAForgottenKeyNothingTwice() {
    let limiter = KeyedQuotaLimiter<String>("partner", quotas: [Quota(10, each: .day)])
    let midnight = UnixTime(nanoseconds: 1_291_248_000_000_000_000)
    #expect(
      limiter.tryAcquire(10, key: "ann", at: .s(0), unixTime: midnight.advanced(by: .seconds(-60)))
        == .acquired)
    // The day that begins is somebody else's business, so that ann is forgotten.
    #expect(limiter.tryAcquire(10, key: "bob", at: .s(60), unixTime: midnight) == .acquired)
    limiter.forgetIdleKeys(at: .s(60), unixTime: midnight)
    #expect(limiter.snapshot().keys == 1)
    let before = midnight.advanced(by: .seconds(-600))
    #expect(limiter.tryAcquire(10, key: "ann", at: .s(61), unixTime: before) == .acquired)
    #expect(limiter.tryAcquire(key: "ann", at: .s(61 + 600), unixTime: midnight) != .acquired)
    #expect(limiter.tryAcquire(key: "bob", at: .s(61 + 600), unixTime: midnight) != .acquired)
  }

  @Test func everyFaceTakesOfTheKey() async throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { _ in
      let limiter = KeyedQuotaLimiter<String>(
        "partner", quotas: [.perSecond(2)], onEvent: { recorder.record($0) })
      let call = ServiceCall("get") { (key: String) in key }
        .rateLimit(limiter, by: { $0 }, cost: { $0.count - 2 })
      #expect(call.layers[0].description == "quota partner (2 per 1 s, by key)")
      _ = try await call("ann")
      try await limiter.run(key: "ann") {}
      let error = await #expect(throws: RateLimited.self) { try await call("ann") }
      #expect(error?.retryDelay == .milliseconds(1015) + .microseconds(625))
      _ = try await call("bob")
      // 0 permits make no key, and too many are told so.
      _ = try await call("yo")
      await #expect(throws: ImpossiblePermits(limiter: "partner", permits: 3, burst: 2)) {
        try await call("flood")
      }
      #expect(limiter.fields(of: "bob", at: .s(0)).map(\.rateLimit) == ["\"partner\";r=1;t=2"])
      #expect(limiter.usage(of: "nobody").map(\.available) == [2])
      let refused = ServiceCall { (_: String) in }.rateLimit(TokenBucket("none", limit: .perSecond(0)))
        .rateLimit(limiter, refundsRefusals: true, by: { $0 })
      await #expect(throws: RateLimited.self) { try await refused("cid") }
      #expect(limiter.usage(of: "cid").map(\.available) == [2])
      #expect(limiter.snapshot().refunded == 1)
    }
    #expect(
      recorder.descriptions == [
        "rate_limiter.refused limiter=partner key=ann permits=1 retry_after_seconds=1.015625",
        "rate_limiter.refused limiter=partner key=flood permits=3",
      ])
  }

  @Test func aKeyWithoutRoomIsRejectedAsSuch() async throws {
    try Simulation(seed: 1).run { _ in
      let limiter = KeyedQuotaLimiter<Int>("partner", quotas: [.perHour(5)], maxKeys: 1)
      let call = ServiceCall { (key: Int) in key }.rateLimit(limiter, by: { $0 })
      _ = try await call(1)
      let error = await #expect(throws: RateLimited.self) { try await call(2) }
      #expect(error?.reason == .tooManyKeys)
      let recorder = EventRecorder()
      await CallContext.withObserver(recorder) { _ = try? await call(2) }
      #expect((recorder.events as? [RateLimitEvent])?.map(\.key) == ["2"])
    }
  }

  @Test func aKeyIsWrittenOnlyForThoseWhoListen() throws {
    try Simulation(seed: 1).run { _ in
      let texts = Log<Int>()
      let key = Named(texts: texts)
      let limiter = KeyedQuotaLimiter<Named>("partner", quotas: [.perSecond(1)])
      let call = ServiceCall { (_: Named) in }.rateLimit(limiter, by: { $0 })
      for _ in 0..<3 { _ = limiter.tryAcquire(key: key) }
      _ = try? await call(key)
      #expect(texts.entries.isEmpty)
      let recorder = EventRecorder()
      await CallContext.withObserver(recorder) { _ = try? await call(key) }
      #expect(texts.entries == [1])
      #expect((recorder.events as? [RateLimitEvent])?.map(\.key) == ["named"])
    }
  }

  private struct Named: Hashable, CustomStringConvertible {
    let texts: Log<Int>

    var description: String {
      texts.append(1)
      return "named"
    }

    static func == (one: Named, other: Named) -> Bool { true }

    func hash(into hasher: inout Hasher) {}
  }
}
