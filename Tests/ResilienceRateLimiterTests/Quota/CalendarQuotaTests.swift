import Foundation
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct CalendarQuotaTests {
  private static let hour: Int64 = 3_600_000_000_000
  /// 2010-12-01T08:26:00Z.
  private let morning = UnixTime(nanoseconds: 1_291_191_960_000_000_000)

  /// A limiter with its clocks: the wall clock goes with the other one until it is set.
  private struct Provider {
    let limiter: QuotaLimiter
    var wall: UnixTime
    var now = Instant.s(0)

    init(_ quotas: [Quota], zone: CalendarZone = .utc, at wall: UnixTime) {
      limiter = QuotaLimiter("partner", quotas: quotas, zone: zone)
      self.wall = wall
    }

    mutating func pass(_ duration: Duration) {
      now = now.advanced(by: duration)
      wall = wall.advanced(by: duration)
    }

    func take(_ permits: Int = 1) -> RateLimitDecision {
      limiter.tryAcquire(permits, at: now, unixTime: wall)
    }

    /// How long a refused call is told to wait.
    func wait() -> Duration? { take().retryAfter(at: now) }

    func available() -> Int { limiter.snapshot(at: now, unixTime: wall).usage[0].available }
  }

  @Test(
    arguments: [
      (CalendarPeriod.hour, CalendarZone.utc, Duration.seconds(34 * 60)),
      (.day, .utc, .seconds(15 * 3600 + 34 * 60)),
      (.day, .offset(hours: 5, minutes: 30), .seconds(10 * 3600 + 4 * 60)),
      (.day, .offset(hours: -8), .seconds(23 * 3600 + 34 * 60)),
      (.day, CalendarZone { _ in .max }, .seconds(15 * 3600 + 34 * 60)),
      (.hour, .offset(hours: 0, minutes: 30), .seconds(4 * 60)),
      (.month, .utc, .seconds(30 * 86_400 + 15 * 3600 + 34 * 60)),
      // Where it is November still.
      (.month, .offset(hours: -9), .seconds(34 * 60)),
    ])
  func allPermitsAreThereWhenTheNextPeriodBegins(
    period: CalendarPeriod, zone: CalendarZone, rest: Duration
  ) {
    var provider = Provider([Quota(3, each: period)], zone: zone, at: morning)
    #expect(provider.take(2) == .acquired)
    #expect(provider.take(2).retryAfter(at: provider.now) == rest)
    #expect(provider.take() == .acquired)
    provider.pass(rest - .nanoseconds(1))
    #expect(provider.wait() == .nanoseconds(1))
    provider.pass(.nanoseconds(1))
    #expect(provider.take(3) == .acquired)
    #expect(provider.take() != .acquired)
  }

  @Test func sitsBesideSlidingQuotas() {
    var provider = Provider([Quota(5, each: .day), .perMinute(3)], at: morning)
    #expect(provider.take(3) == .acquired)
    #expect(provider.wait() == .seconds(60) + .nanoseconds(937_500_000))
    provider.pass(.seconds(61))
    // The minute has two more, the day has not.
    #expect(provider.take(2) == .acquired)
    #expect(provider.take().retryAfter(at: provider.now) == .seconds(15 * 3600 + 34 * 60 - 61))
    #expect(
      provider.limiter.snapshot(at: provider.now, unixTime: provider.wall).usage.map(\.available) == [0, 1])
    #expect(provider.take(4) == .impossible)
  }

  @Test func saysWhenItRenewsByTheWallClock() {
    let quotas = [Quota(5, each: .day), .perMinute(3), Quota(2, each: .hour)]
    let midnight = morning.advanced(by: .seconds(15 * 3600 + 34 * 60))
    let fullHour = morning.advanced(by: .seconds(34 * 60))
    let limiter = QuotaLimiter("provider", quotas: quotas)
    #expect(
      limiter.snapshot(at: .s(0), unixTime: morning).usage.map(\.renewsAt) == [midnight, nil, fullHour])
    let keyed = KeyedQuotaLimiter<Int>("provider", quotas: quotas)
    for _ in 0..<2 {
      #expect(
        keyed.usage(of: 1, at: .s(0), unixTime: morning).map(\.renewsAt) == [midnight, nil, fullHour])
      #expect(keyed.tryAcquire(key: 1, at: .s(0), unixTime: morning) == .acquired)
    }
  }

  /// As the documentation says to do after a restart.
  @Test func goesOnWithWhatWasUsedBefore() {
    let day = Quota(1_000, each: .day)
    let limiter = QuotaLimiter("provider", quotas: [day])
    #expect(limiter.tryAcquire(900, at: .s(0), unixTime: morning) == .acquired)
    limiter.update([.perSecond(10), day], at: .s(0), unixTime: morning)
    #expect(limiter.snapshot(at: .s(0), unixTime: morning).usage.map(\.available) == [0, 100])
    let later = morning.advanced(by: .seconds(2))
    #expect(limiter.snapshot(at: .s(2), unixTime: later).usage.map(\.available) == [10, 100])
  }

  @Test(arguments: [Duration.milliseconds(1), .seconds(1), .seconds(3600), .seconds(86_399)])
  func aWallClockThatIsPutBackNeverGivesAQuotaTwice(jump: Duration) {
    var provider = Provider([Quota(10, each: .day)], at: morning)
    #expect(provider.take(10) == .acquired)
    provider.pass(.seconds(15 * 3600 + 34 * 60))
    // A new day, and then it is the old one again.
    #expect(provider.take(10) == .acquired)
    provider.wall = provider.wall.advanced(by: .zero - jump)
    #expect(provider.wait() == min(.seconds(86_400), .seconds(86_400) + jump))
    // Neither when midnight comes again, nor later on the day.
    for part in [jump, .seconds(600), .seconds(80_000)] {
      provider.pass(part)
      if provider.now < .s(15 * 3600 + 34 * 60 + 86_400) { #expect(provider.take() != .acquired) }
    }
    let midnight = UnixTime(nanoseconds: morning.nanoseconds - 8 * Self.hour - 26 * 60_000_000_000)
      .advanced(by: .seconds(2 * 86_400))
    provider.pass(.nanoseconds(max(0, midnight.nanoseconds - provider.wall.nanoseconds)))
    #expect(provider.take(10) == .acquired)
  }

  /// However the wall clock jumps, no two periods begin within a period's length, but for those that it has
  /// come to for the first time.
  @Test(arguments: 1...20)
  func theWallClockGivesNoDayTwice(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var provider = Provider([Quota(1, each: .day)], at: morning)
    var days: Set<Int64> = []
    for _ in 0..<3_000 {
      provider.pass(.seconds(random.next(below: 7_200)))
      // Corrected by up to six hours, never as far as a day from the truth.
      let truth = morning.advanced(by: .nanoseconds(provider.now.nanoseconds))
      if random.next(below: 5) == 0 {
        provider.wall = truth.advanced(by: .seconds(random.next(below: 43_200) - 21_600))
      }
      if provider.take() == .acquired {
        #expect(days.insert(provider.wall.nanoseconds / (24 * Self.hour)).inserted, "seed \(seed)")
      }
    }
    #expect(days.count > 100)
  }

  @Test func aWallClockThatWasYearsAheadHoldsBackForOnePeriodAtMost() {
    var provider = Provider([Quota(10, each: .day)], at: morning.advanced(by: .seconds(40 * 365 * 86_400)))
    #expect(provider.take(10) == .acquired)
    provider.pass(.seconds(60))
    provider.wall = morning
    #expect(provider.wait() == .seconds(86_400 - 60))
    provider.pass(.seconds(86_400 - 60))
    #expect(provider.take(10) == .acquired)
    #expect(provider.wait() == .seconds(15 * 3600 + 34 * 60 + 60))
  }

  @Test(arguments: [Int64.min, .min + 1, 0, .max - 1, .max])
  func anyWallClockGivesTheQuotaOnce(nanoseconds: Int64) {
    for period in CalendarPeriod.allCases {
      for offset in [0, 86_400, Int.min, .max] {
        let provider = Provider(
          [Quota(5, each: period)], zone: CalendarZone { _ in offset },
          at: UnixTime(nanoseconds: nanoseconds))
        #expect(provider.take(5) == .acquired)
        for _ in 0..<3 { #expect(provider.take() != .acquired) }
        #expect(provider.available() == 0)
      }
    }
  }

  /// A closure that answers anything else each time.
  @Test func aZoneThatTellsNonsenseEndsNothing() {
    let random = SeededRandomSource(seed: 7)
    let zone = CalendarZone { _ in Int(truncatingIfNeeded: random.next()) % 200_000 }
    var provider = Provider([Quota(5, each: .day), Quota(50, each: .month)], zone: zone, at: morning)
    for _ in 0..<2_000 {
      provider.pass(.seconds(random.next(below: 9_000)))
      if case .refused(let retryAt?) = provider.take(2) {
        #expect(provider.now.duration(to: retryAt) <= .seconds(33 * 86_400))
        #expect(retryAt > provider.now)
      }
    }
  }

  @Test func whatWasNotUsedIsThereAgainOnTheSameDayAlone() {
    var provider = Provider([Quota(10, each: .day)], at: morning)
    #expect(provider.take(10) == .acquired)
    provider.limiter.refund(4, takenAt: provider.now)
    #expect(provider.take(5) != .acquired)
    #expect(provider.take(4) == .acquired)
    let yesterday = provider.now
    provider.pass(.seconds(86_400))
    #expect(provider.take(7) == .acquired)
    provider.limiter.refund(4, takenAt: yesterday)
    #expect(provider.available() == 3)
  }

  @Test func anUpdateKeepsTheCount() {
    var provider = Provider([Quota(10, each: .day)], at: morning)
    #expect(provider.take(8) == .acquired)
    provider.limiter.update([Quota(5, each: .day)], at: provider.now, unixTime: provider.wall)
    #expect(provider.available() == 0)
    #expect(provider.wait() == .seconds(15 * 3600 + 34 * 60))
    provider.limiter.update([Quota(20, each: .day)], at: provider.now, unixTime: provider.wall)
    #expect(provider.available() == 12)
    // Another period begins with what is known: the month holds the day, and the day is within any 24 hours.
    provider.limiter.update([Quota(20, each: .month)], at: provider.now, unixTime: provider.wall)
    #expect(provider.available() == 12)
    provider.limiter.update([.perDay(20)], at: provider.now, unixTime: provider.wall)
    #expect(provider.available() == 12)
    provider.pass(.seconds(86_400 + 1350))
    #expect(provider.available() == 20)
  }

  @Test func headerFieldsTellThePeriod() {
    let provider = Provider([Quota(10_000, each: .day), Quota(200_000, each: .month)], at: morning)
    #expect(provider.take(100) == .acquired)
    let snapshot = provider.limiter.snapshot(at: provider.now, unixTime: provider.wall)
    let fields = RateLimitFields.fields(snapshot, at: provider.now)
    #expect(fields.map(\.policy) == ["\"partner-day\";q=10000;w=86400", "\"partner-month\";q=200000"])
    #expect(
      fields.map(\.rateLimit) == [
        "\"partner-day\";r=9900;t=56040", "\"partner-month\";r=199900;t=2648040",
      ])
    #expect(snapshot.metrics[0].labels.last?.value == "10000 each day")
  }

  @Test func theContextsClockTellsTheTime() async throws {
    let clock = ManualClock(unixTime: morning)
    await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      let limiter = QuotaLimiter("partner", quotas: [Quota(1, each: .hour)])
      let call = ServiceCall("get") { (_: Int) in 1 }.rateLimit(limiter)
      await #expect(throws: Never.self) { try await call(1) }
      let error = await #expect(throws: RateLimited.self) { try await call(1) }
      #expect(error?.retryDelay == .seconds(34 * 60))
      clock.advance(by: .seconds(34 * 60))
      await #expect(throws: Never.self) { try await limiter.run {} }
      #expect(limiter.snapshot().usage[0].available == 0)
    }
  }
}
