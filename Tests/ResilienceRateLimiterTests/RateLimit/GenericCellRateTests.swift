import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct GenericCellRateTests {
  @Test func givesTheBurstThenOnePerInterval() {
    let rate = GenericCellRate(.perSecond(10, burst: 3))
    var state = GenericCellRate.full
    func ticks(_ seconds: Double) -> Int64 { rate.ticks(at: .s(seconds), since: .s(0)) ?? -1 }
    func take(_ permits: Int, at seconds: Double) -> Bool {
      guard let next = rate.taking(permits, from: state, at: ticks(seconds)) else { return false }
      state = next
      return true
    }
    #expect(rate.available(state, at: ticks(0)) == 3)
    #expect([take(2, at: 0), take(1, at: 0), take(1, at: 0)] == [true, true, false])
    #expect(rate.wait(1, from: state, at: ticks(0)) == 100_000_000)
    #expect(!take(1, at: 0.099_999_999))
    #expect(take(1, at: 0.1))
    #expect(rate.wait(2, from: state, at: ticks(0.1)) == 200_000_000)
    #expect(rate.available(state, at: ticks(0.29)) == 1)
    #expect(!take(2, at: 0.29))
    #expect(take(2, at: 0.3))
    #expect(state > ticks(0.599_999_999))
    #expect(state <= ticks(0.6))
    #expect(rate.available(state, at: ticks(100)) == 3)
  }

  @Test(arguments: [
    (RateLimit.perSecond(10, burst: 3), 1, 100_000_000),
    (.perSecond(3), 3, 1_000_000_000),
    (.perSecond(1_000_000_000), 1, 1),
    (.perSecond(999_999_999), 999_999_999, 1_000_000_000),
    (RateLimit(1, per: .seconds(86400)), 1, 86_400_000_000_000),
    (RateLimit(1_000_003, per: .seconds(86400), burst: 100), 1_000_003, 86_400_000_000_000),
    (RateLimit(14, per: .nanoseconds(21), burst: 1), 2, 3),
    (.perSecond(0, burst: 5), 0, 1),
    (.unlimited, 0, 0),
  ])
  func countsInTicksOfWhichTheIntervalIsAWholeNumber(limit: RateLimit, ticks: Int64, interval: Int64) {
    let rate = GenericCellRate(limit)
    #expect((rate.ticksPerNanosecond, rate.interval) == (ticks, interval))
  }

  /// The interval of a million and three permits a day, with a burst of as many, has no exact tick in 64
  /// bits.
  @Test func roundsTheIntervalUpWhereTicksWouldBeTooFine() {
    let limit = RateLimit(1_000_003, per: .seconds(86400), burst: 1_000_003)
    let rate = GenericCellRate(limit)
    #expect(rate.capacity <= 1 << 60)
    // interval / ticks against period / permits, as a cross product.
    let ours = Int128(rate.interval) * 1_000_003
    let exact = Int128(rate.ticksPerNanosecond) * 86_400_000_000_000
    #expect(ours >= exact)
    #expect((ours - exact) * (1 << 59) <= exact * 1_000_003)
  }

  /// Each permit is taken as soon as it is there: with a burst of 2, number n at ⌈(n - 1) · period /
  /// permits⌉.
  @Test(arguments: [3, 7, 300_000_000, 333_333_333, 999_999_937, 999_999_999, 1_000_000_000])
  func doesNotDriftInABillionOperations(permits: Int) {
    let rate = GenericCellRate(.perSecond(permits, burst: 2))
    var state = GenericCellRate.full
    var origin = Instant.s(0)
    var taken = Int128(0)
    func instant(_ number: Int128) -> Int64 {
      Int64((max(0, number - 1) * 1_000_000_000 + Int128(permits) - 1) / Int128(permits))
    }
    func moveOrigin(to later: Instant) {
      (state, origin) = (rate.moved(state, from: origin, to: later), later)
    }
    // Most of the operations are made at once, by moving the state; a hundred times, a hundred of them one by
    // one.
    for _ in 0..<100 {
      for _ in 0..<100 {
        let now = instant(taken)
        if rate.ticks(at: .ns(now), since: origin) == nil { moveOrigin(to: rate.origin(for: .ns(now))) }
        let ticks = rate.ticks(at: .ns(now), since: origin) ?? -1
        let tooEarly = taken < 2 ? nil : rate.taking(1, from: state, at: ticks - rate.ticksPerNanosecond)
        guard let next = rate.taking(1, from: state, at: ticks), tooEarly == nil else {
          Issue.record("permit number \(taken) was not given at \(now) ns, or before")
          return
        }
        state = next
        taken += 1
      }
      let seconds = max(2, 10_000_000 / permits)
      taken += Int128(seconds * permits)
      state += Int64(seconds * permits) * rate.interval
      moveOrigin(to: origin.advanced(by: .seconds(seconds)))
    }
    #expect(taken >= 900_000_000)
  }

  @Test func anOriginThatMovesChangesNothing() {
    let rate = GenericCellRate(.perSecond(999_999_999, burst: 1_000_000))
    let origin = Instant.s(50)
    let later = rate.origin(for: .s(52))
    #expect(rate.window == 2_305_843_011)
    #expect(later > origin)
    for state in [0, 1, 1_999_999_998_123_456_789, 1 << 61] as [Int64] {
      let moved = rate.moved(state, from: origin, to: later)
      for now in [Instant.s(51.5), .s(52)] {
        let (before, after) = (
          rate.ticks(at: now, since: origin) ?? -1, rate.ticks(at: now, since: later) ?? -1
        )
        for permits in [1, 999_999, 1_000_000] {
          #expect(rate.wait(permits, from: state, at: before) == rate.wait(permits, from: moved, at: after))
        }
      }
    }
    #expect(rate.moved(1 << 60, from: origin, to: .s(1000)) == GenericCellRate.full)
  }

  @Test func theEndsOfTimeDoNotTrap() {
    for limit in [
      RateLimit.perSecond(10, burst: 3), .perSecond(0, burst: 3), .perSecond(999_999_999, burst: 3),
    ] {
      let rate = GenericCellRate(limit)
      for state: Int64 in [.min, 0, .max] {
        for now: Int64 in [.min, 0, .max] {
          let origin = rate.origin(for: .ns(now))
          let ticks = rate.ticks(at: .ns(now), since: origin)
          #expect(ticks != nil)
          #expect(rate.moved(state, from: .ns(.min), to: .ns(now)) >= 0)
          for ticks in [0, 1 << 61, ticks ?? 0] {
            _ = rate.taking(.max, from: state, at: ticks)
            _ = rate.wait(.max, from: state, at: ticks)
            #expect((0...3).contains(rate.available(state, at: ticks)))
          }
        }
      }
    }
  }
}
