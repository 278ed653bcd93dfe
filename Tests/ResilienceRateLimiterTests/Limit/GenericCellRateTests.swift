import ResilienceCore
import ResilienceRateLimiter
import Testing

@Suite struct GenericCellRateTests {
  @Test func givesTheBurstThenOnePerInterval() {
    let rate = GenericCellRate(.perSecond(10, burst: 3))
    var state = GenericCellRate.full
    func take(_ permits: Int, at now: Instant) -> Bool {
      guard let next = rate.taking(permits, from: state, at: now) else { return false }
      state = next
      return true
    }
    #expect(rate.available(state, at: .s(0)) == 3)
    #expect([take(2, at: .s(0)), take(1, at: .s(0)), take(1, at: .s(0))] == [true, true, false])
    #expect(rate.earliest(1, from: state, at: .s(0)) == .s(0.1))
    #expect(!take(1, at: .ns(99_999_999)))
    #expect(take(1, at: .s(0.1)))
    #expect(rate.earliest(2, from: state, at: .s(0.1)) == .s(0.3))
    #expect(rate.available(state, at: .s(0.29)) == 1)
    #expect(!take(2, at: .s(0.29)))
    #expect(take(2, at: .s(0.3)))
    #expect(rate.available(state, at: .s(100)) == 3)
  }

  @Test func theEndsOfTimeDoNotTrap() {
    let rate = GenericCellRate(.perSecond(10, burst: 3))
    for state: Int64 in [.min, 0, .max] {
      for now: Int64 in [.min, 0, .max] {
        _ = rate.taking(3, from: state, at: .ns(now))
        _ = rate.earliest(.max, from: state, at: .ns(now))
        #expect((0...3).contains(rate.available(state, at: .ns(now))))
      }
    }
  }
}
