import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

/// Instants, numbers and durations from both ends: nothing traps, nothing runs for ever, and no permit
/// appears.
@Suite struct EndsOfTimeTests {
  /// Draws what a program would never mean, and now and then what it does.
  private struct Draw {
    let random: SeededRandomSource

    init(seed: UInt64) { random = SeededRandomSource(seed: seed) }

    func index(_ count: Int) -> Int { random.next(below: count) }
    func one<Value>(of values: [Value]) -> Value { values[index(values.count)] }

    func instant() -> Instant {
      let base = one(of: [.min, .min / 2, -(1 << 61), -1, 0, 1, 1 << 61, .max / 2, .max] as [Int64])
      let shift = one(of: [0, 1, -1, 1_000_000_000, -1_000_000_000, 1 << 60, -(1 << 60)] as [Int64])
      return Instant.ns(base).advanced(byNanoseconds: shift &* Int64(index(3)))
    }

    func permits() -> Int { one(of: [.min, -1, 0, 1, 1, 1, 2, 3, 5, 1000, 1 << 30, 1 << 60, .max]) }

    func duration() -> Duration {
      one(of: [
        Duration(attoseconds: .min), .seconds(Int64.min), .nanoseconds(-1), .zero, Duration(attoseconds: 1),
        .nanoseconds(1), .seconds(60), .nanoseconds(Int64.max), .seconds(Int64.max),
        Duration(attoseconds: .max),
      ])
    }
  }

  static let limits = [
    RateLimit.perSecond(10, burst: 3), .perSecond(0), .perSecond(0, burst: 1 << 60), .unlimited,
    .perSecond(1_000_000_000, burst: 1 << 60), RateLimit(1, per: .nanoseconds(1 << 60), burst: 1),
    RateLimit(999_999_937, per: .seconds(86_400), burst: 5), .perSecond(999_999_937, burst: 2),
    RateLimit(1_000_000_000, per: .nanoseconds(1), burst: 1 << 60),
    RateLimit(1, per: .nanoseconds(1), burst: 1),
  ]

  @Test(arguments: 1...40)
  func aBucketTakesAnyInstantAndAnyNumber(seed: UInt64) {
    let draw = Draw(seed: seed)
    let bucket = TokenBucket("ends", limit: draw.one(of: Self.limits), maxWaiting: .max)
    var reservations: [Reservation] = []
    for _ in 0..<1500 {
      let (now, permits) = (draw.instant(), draw.permits())
      switch draw.index(9) {
      case 0: bucket.update(draw.one(of: Self.limits), at: now)
      case 1: _ = bucket.drain(at: now)
      case 2: bucket.refund(permits, at: now)
      case 3:
        if reservations.count < 6, let made = try? bucket.reserve(permits, at: now) {
          reservations.append(made)
        }
      case 4:
        guard !reservations.isEmpty else { continue }
        let reservation = reservations.remove(at: draw.index(reservations.count))
        if draw.index(2) == 0 { _ = reservation.cancel(at: now) }
      case 5:
        let snapshot = bucket.snapshot(at: now)
        #expect((0...snapshot.limit.burst).contains(snapshot.available), "seed \(seed)")
        for reservation in reservations { #expect(reservation.due != nil) }
      default:
        let decision = bucket.tryAcquire(permits, at: now)
        #expect((decision == .impossible) == isImpossible(permits, bucket.limit), "seed \(seed)")
        _ = decision.retryAfter(at: draw.instant())
      }
    }
  }

  /// Reservations that are held see all that is taken after them: more than 2⁶⁷ permits here, at one in 36
  /// years.
  @Test func aReservationHeldForLongMeetsTheSlowestRate() throws {
    let fast = RateLimit(1_000_000_000, per: .nanoseconds(1), burst: 1 << 60)
    let slow = RateLimit(1, per: .nanoseconds(1 << 60), burst: 1)
    let bucket = TokenBucket("ends", limit: fast, maxWaiting: .max)
    let reservation = try bucket.reserve(at: .s(0))
    for second in 1...300 { #expect(bucket.tryAcquire(1 << 60, at: .s(Double(second) * 2)) == .acquired) }
    bucket.update(slow, at: .s(600))
    #expect(bucket.tryAcquire(at: .s(600)) != .acquired)
    bucket.update(fast, at: .s(600))
    #expect(bucket.tryAcquire(1 << 60, at: .s(600)) != .acquired)
    withExtendedLifetime(reservation) {}
  }

  private func isImpossible(_ permits: Int, _ limit: RateLimit) -> Bool {
    permits < 0 || (permits > limit.burst && limit.permits > 0)
  }

  @Test(arguments: 1...40)
  func aKeyedLimiterTakesAnyInstantAndAnyNumber(seed: UInt64) {
    let draw = Draw(seed: seed)
    let limiter = KeyedRateLimiter<Int>("ends", limit: draw.one(of: Self.limits), maxKeys: 4)
    for _ in 0..<1500 {
      let (now, permits, key) = (draw.instant(), draw.permits(), draw.index(8))
      switch draw.index(11) {
      case 0: limiter.update(draw.one(of: Self.limits), at: now)
      case 1: limiter.forgetIdleKeys(at: now)
      case 2: limiter.refund(permits, key: key, at: now)
      case 3:
        let burst = limiter.limit(of: key).burst
        #expect((0...burst).contains(limiter.available(key: key, at: now)), "seed \(seed)")
        _ = limiter.fields(of: key, at: now).rateLimit
      case 4: #expect(limiter.snapshot(at: now).keys <= 8)
      case 5:
        let limit = draw.one(of: Self.limits)
        do {
          try limiter.setLimit(limit, forKey: key, at: now)
          #expect(limiter.limit(of: key) == limit, "seed \(seed)")
        } catch {
          #expect(error.reason == .tooManyKeys, "seed \(seed)")
        }
      case 6: limiter.removeLimit(forKey: key, at: now)
      default:
        let decision = limiter.tryAcquire(permits, key: key, at: now)
        #expect((decision == .impossible) == isImpossible(permits, limiter.limit(of: key)), "seed \(seed)")
      }
    }
  }

  @Test(arguments: 1...40)
  func aQuotaByTheCalendarTakesAnyInstantAndAnyTime(seed: UInt64) {
    let draw = Draw(seed: seed)
    let quotas = [
      Quota(5, each: .hour), Quota(1_000_000_000, each: .day), Quota(7, each: .month), .perMinute(20),
      Quota(3, per: .nanoseconds(1)),
    ]
    let zone = CalendarZone { _ in draw.permits() }
    let limiter = KeyedQuotaLimiter<Int>("ends", quotas: [quotas[0], quotas[3]], zone: zone, maxKeys: 4)
    for _ in 0..<1500 {
      let (now, permits, key) = (draw.instant(), draw.permits(), draw.index(8))
      let time = UnixTime(nanoseconds: draw.instant().nanoseconds)
      switch draw.index(8) {
      case 0: limiter.refund(permits, key: key, takenAt: now)
      case 1:
        limiter.update((0...draw.index(3)).map { _ in draw.one(of: quotas) }, at: now, unixTime: time)
      case 2: limiter.forgetIdleKeys(at: now, unixTime: time)
      case 3:
        for usage in limiter.usage(of: key, at: now, unixTime: time) {
          #expect((0...usage.quota.permits).contains(usage.available), "seed \(seed)")
          #expect(usage.fullAt >= now, "seed \(seed)")
        }
        _ = limiter.fields(of: key, at: now, unixTime: time).map(\.rateLimit)
      default:
        let decision = limiter.tryAcquire(permits, key: key, at: now, unixTime: time)
        if case .refused(let retryAt?) = decision { #expect(retryAt >= now, "seed \(seed)") }
      }
    }
    #expect(limiter.snapshot().keys <= 4)
  }

  @Test(arguments: 1...40)
  func aQuotaTakesAnyInstantAndAnyNumber(seed: UInt64) {
    let draw = Draw(seed: seed)
    let periods: [Duration] = [
      .nanoseconds(1), .nanoseconds(5), .nanoseconds(64), .nanoseconds(65), .seconds(60),
      .seconds(315_360_000),
    ]
    let quotas = (0...draw.index(2)).map { _ in
      Quota(draw.one(of: [0, 1, 5, 1_000_000_000]), per: draw.one(of: periods))
    }
    let limiter = QuotaLimiter("ends", quotas: quotas)
    let smallest = quotas.map(\.permits).min() ?? 0
    for _ in 0..<1500 {
      let (now, permits) = (draw.instant(), draw.permits())
      switch draw.index(6) {
      case 0: limiter.refund(permits, takenAt: now)
      case 1:
        let snapshot = limiter.snapshot(at: now)
        for usage in snapshot.usage {
          #expect((0...usage.quota.permits).contains(usage.available), "seed \(seed)")
          #expect(usage.fullAt >= now, "seed \(seed)")
        }
        _ = RateLimitFields.fields(snapshot, at: draw.instant()).map(\.rateLimit)
      default:
        let decision = limiter.tryAcquire(permits, at: now)
        let isImpossible = permits < 0 || (permits > smallest && smallest > 0)
        #expect((decision == .impossible) == isImpossible, "seed \(seed)")
        if case .refused(let retryAt?) = decision { #expect(retryAt >= now, "seed \(seed)") }
      }
    }
  }

  /// In steps of one nanosecond, of which the earliest lie before the beginning of time.
  @Test(arguments: [0, 1, 63, 200])
  func aQuotaSaysWhenAtBothEnds(distance: Int64) {
    for instant in [Int64.min + distance, Int64.max - distance - 6] { saysWhen(instant) }
  }

  private func saysWhen(_ instant: Int64) {
    let limiter = QuotaLimiter("ends", quotas: [Quota(1, per: .nanoseconds(5))])
    #expect(limiter.tryAcquire(at: .ns(instant)) == .acquired)
    let free = Instant.ns(instant).advanced(byNanoseconds: 5)
    #expect(limiter.tryAcquire(at: .ns(instant)) == .refused(retryAt: free))
  }

  @Test(arguments: 1...40)
  func aThrottleTakesAnyInstant(seed: UInt64) {
    let draw = Draw(seed: seed)
    let throttle = AdaptiveThrottle(
      "ends",
      policy: AdaptiveThrottlePolicy(
        multiplier: draw.one(of: [1, 2, 1000]), window: draw.one(of: [.microseconds(1), .seconds(1 << 31)]),
        probes: draw.one(of: [0, 1, 1_000_000_000])))
    var permits: [ThrottlePermit] = []
    for _ in 0..<1500 {
      switch draw.index(4) {
      case 0:
        guard let permit = permits.popLast() else { continue }
        // Once too often as well.
        for _ in 0...draw.index(2) {
          throttle.record(draw.one(of: [.success, .failure, .neutral, .failure(.overloaded)]), of: permit)
        }
      case 1:
        let snapshot = throttle.snapshot(at: draw.instant())
        #expect(snapshot.attempts >= 0, "seed \(seed)")
        #expect((0...1).contains(snapshot.rejectionProbability), "seed \(seed)")
      default:
        if case .admitted(let permit) = throttle.admit(at: draw.instant(), draw: draw.random.next()) {
          permits.append(permit)
        }
      }
    }
  }

  @Test(arguments: 1...40)
  func headerFieldsSayWhatTheyCan(seed: UInt64) {
    let draw = Draw(seed: seed)
    for _ in 0..<500 {
      var fields =
        draw.index(2) == 0
        ? RateLimitFields(name: "ends", limit: draw.one(of: Self.limits), available: draw.permits())
        : RateLimitFields(
          name: "ends", quota: draw.permits(), window: draw.duration(), available: draw.permits(),
          untilFull: draw.duration())
      if draw.index(2) == 0 { (fields.available, fields.untilFull) = (draw.permits(), draw.duration()) }
      for number in [fields.limit, fields.remaining, fields.reset] {
        #expect(UInt64(number) != nil && number.count <= 15, "seed \(seed): \(number)")
      }
      #expect(fields.policy.hasPrefix("\"ends\";q="))
      #expect(fields.rateLimit.hasPrefix("\"ends\";r="))
      #expect(Int64(fields.resetTime(at: UnixTime(nanoseconds: draw.instant().nanoseconds))) != nil)
    }
  }

  @Test func theTimeUntilABucketIsFullIsExactForTheLargest() {
    let limit = RateLimit(1_000_000_000, per: .seconds(60), burst: 1_000_000_000)
    #expect(RateLimitFields(name: "", limit: limit, available: 0).untilFull == .seconds(60))
    #expect(
      RateLimitFields(name: "", limit: .perSecond(3, burst: 3), available: 2).untilFull
        == .nanoseconds(333_333_334))
  }

  @Test func aRefusalSaysADelayAtBothEnds() {
    for retryAt: Int64 in [.min, -1, 0, .max] {
      for now: Int64 in [.min, -1, 0, .max] {
        let error = RateLimited(limiter: "ends", reason: .noPermit, retryAt: .ns(retryAt), at: .ns(now))
        let delay = Duration.nanoseconds(max(0, Int64(clamping: Int128(retryAt) - Int128(now))))
        #expect(error.retryDelay == delay)
        #expect(error.description.contains("try again in \(delay.delayText) at the earliest"))
        let event = RateLimitEvent(
          limiter: "ends", kind: .queued(due: .ns(retryAt)), permits: 1, instant: .ns(now))
        #expect(
          event.attributes.last == .seconds("wait", delay))
      }
    }
  }
}
