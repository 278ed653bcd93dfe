import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct QuotaLimiterTests {
  @Test func takesOfEveryQuotaOrOfNone() {
    let limiter = QuotaLimiter("partner", quotas: [.perSecond(10), .perMinute(25)])
    #expect(limiter.tryAcquire(10, at: .s(0)) == .acquired)
    // A second and its sixty-fourth.
    #expect(limiter.tryAcquire(at: .s(0.5)) == .refused(retryAt: .s(1.015625)))
    #expect(limiter.snapshot(at: .s(0.5)).usage.map(\.available) == [0, 15])
    #expect(limiter.tryAcquire(10, at: .s(2)) == .acquired)
    // The second quota refuses; the first has lost nothing.
    #expect(limiter.tryAcquire(6, at: .s(4)) == .refused(retryAt: .s(60.9375)))
    #expect(limiter.snapshot(at: .s(4)).usage.map(\.available) == [10, 5])
    #expect(limiter.tryAcquire(5, at: .s(4)) == .acquired)
    #expect(limiter.tryAcquire(6, at: .s(60.9375)) == .acquired)
    let snapshot = limiter.snapshot(at: .s(61))
    #expect((snapshot.acquired, snapshot.refused) == (31, 2))
  }

  @Test func moreThanAQuotaEverHasIsSaidAtOnce() {
    let limiter = QuotaLimiter("partner", quotas: [.perSecond(10), .perMinute(25)])
    #expect(limiter.tryAcquire(11, at: .s(0)) == .impossible)
    #expect(limiter.tryAcquire(.max, at: .s(0)) == .impossible)
    #expect(limiter.tryAcquire(10, at: .s(0)) == .acquired)
  }

  @Test func row35_aQuotaOfZeroIsClosed() {
    let limiter = QuotaLimiter("closed", quotas: [.perSecond(10), .perMinute(0)])
    for second in 0..<100 { #expect(limiter.tryAcquire(at: .s(Double(second))) == .refused(retryAt: nil)) }
    #expect(limiter.snapshot(at: .s(0)).usage.map(\.available) == [10, 0])
  }

  /// Against the instants of all permits: never more than the quota in any period, never a refusal when none
  /// was taken within a period and a sixty-fourth, and a `retryAt` that holds.
  @Test(arguments: [1, 2, 3, 63, 64, 65, 1000, 6_400, 99_991])
  func row33_neverMoreThanTheQuotaInAnyPeriodWhateverTheTimestamps(period: Int64) {
    for seed in 1...6 as ClosedRange<UInt64> {
      let random = SeededRandomSource(seed: seed)
      let limiter = QuotaLimiter("partner", quotas: [Quota(5, per: .nanoseconds(period))])
      let latest64th = period <= 64 ? 0 : period / 64 + 64
      var taken: [Int64] = []
      var (latest, promised): (Int64, Int64) = (-5 * period, .min)
      for _ in 0..<1500 {
        let now =
          latest + Int64(random.next(below: Int(period) + 2)) / 3 - (random.next(below: 4) == 0 ? 3 : 0)
        latest = max(latest, now)
        let permits = 1 + random.next(below: 3)
        switch limiter.tryAcquire(permits, at: .ns(now)) {
        case .acquired:
          taken += repeatElement(latest, count: permits)
          #expect(taken.count < 6 || taken[taken.count - 6] <= latest - period, "seed \(seed)")
          promised = .min
        case .refused(let retryAt):
          #expect(
            taken.suffix(5).filter { $0 > latest - period - latest64th }.count > 5 - permits, "seed \(seed)")
          if let retryAt { promised = retryAt.nanoseconds }
          #expect(promised > latest)
          if random.next(below: 5) == 0 {
            #expect(limiter.tryAcquire(permits, at: .ns(promised - 1)) != .acquired, "seed \(seed)")
            #expect(limiter.tryAcquire(permits, at: .ns(promised)) == .acquired, "seed \(seed)")
            latest = promised
            taken += repeatElement(latest, count: permits)
          }
        case .impossible:
          Issue.record("3 permits of 5 are not too many")
        }
      }
    }
  }

  /// coenttb/swift-ratelimiter: windows aligned with the clock give out twice the quota around their
  /// boundary.
  @Test func row44_thereIsNoBoundaryAroundWhichTwiceTheQuotaPasses() {
    let limiter = QuotaLimiter("partner", quotas: [.perMinute(100)])
    var admitted = 0
    for tick in 0..<1000 where limiter.tryAcquire(at: .s(59.5 + Double(tick) / 1000)) == .acquired {
      admitted += 1
    }
    #expect(admitted == 100)
  }

  /// coenttb/swift-ratelimiter: a window below one second is a division by zero.
  @Test(arguments: [1, 5, 63, 64, 999, 1_000_000, 999_999_999] as [Int64])
  func row44_aPeriodBelowASecondIsAPeriodLikeAnyOther(nanoseconds: Int64) {
    let limiter = QuotaLimiter("partner", quotas: [Quota(1, per: .nanoseconds(nanoseconds))])
    for now in [Int64.min, -2 * nanoseconds, 0, 7 * nanoseconds, .max - 3 * nanoseconds] {
      #expect(limiter.tryAcquire(at: .ns(now)) == .acquired)
      #expect(limiter.tryAcquire(at: .ns(now)) != .acquired)
      #expect(limiter.tryAcquire(at: .ns(now &+ nanoseconds - 1)) != .acquired)
    }
    #expect(limiter.tryAcquire(at: .ns(.max)) == .acquired)
  }

  /// coenttb/swift-ratelimiter: a failure that is recorded denies the key until a success is.
  @Test func row44_aRefusalCostsNothing() {
    let limiter = QuotaLimiter("partner", quotas: [.perSecond(1), .perMinute(2)])
    #expect(limiter.tryAcquire(at: .s(0)) == .acquired)
    for tick in 1...100 { #expect(limiter.tryAcquire(at: .s(Double(tick) / 101)) != .acquired) }
    #expect(limiter.tryAcquire(at: .s(1.02)) == .acquired)
  }

  @Test func manyThreadsTakeTheQuotaExactly() async {
    let limiter = QuotaLimiter("partner", quotas: [.perSecond(1000), .perMinute(700)])
    let admitted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask { (0..<500).count { _ in limiter.tryAcquire(at: .s(0)) == .acquired } }
      }
      return await group.reduce(0, +)
    }
    #expect(admitted == 700)
    #expect(limiter.snapshot(at: .s(0)).usage.map(\.available) == [300, 0])
  }

  @Test func limitsAHandlerByTheCostOfItsInput() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let limiter = QuotaLimiter(
        "partner", quotas: [.perSecond(5)], onEvent: { recorder.record($0) })
      let weighted = ServiceCall { (size: Int) in size }.rateLimit(limiter, cost: { $0 })
      #expect(try await weighted(4) == 4)
      await #expect(
        throws: RateLimited(limiter: "partner", reason: .noPermit, retryAt: .s(1.015625), at: .s(0))
      ) {
        try await weighted(2)
      }
      await #expect(throws: ImpossiblePermits(limiter: "partner", permits: 6, burst: 5)) {
        try await weighted(6)
      }
      let plain = ServiceCall { (size: Int) in size }.rateLimit(limiter)
      #expect(try await plain(100) == 100)
      try await sim.sleep(for: .seconds(2))
      #expect(try await limiter.run(permits: 5) { 1 } == 1)
      await #expect(throws: RateLimited.self) { try await limiter.run {} }
    }
    #expect(
      recorder.events.map(\.name) == ["rate_limiter.refused", "rate_limiter.refused", "rate_limiter.refused"])
  }
}
