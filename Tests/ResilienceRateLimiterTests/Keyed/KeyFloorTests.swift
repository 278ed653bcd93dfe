import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

/// Keys whose bucket was full by some instant may have been forgotten: to whoever comes with an older one
/// they are as if they had been full then, and not before.
@Suite struct KeyFloorTests {
  private let limit = RateLimit.perSecond(10, burst: 3)

  /// Keys that share the shard of key 1: each shard has a floor of its own.
  private func neighbours(_ limiter: KeyedRateLimiter<Int>) -> [Int] {
    let shard = limiter.place(of: 1).shard
    return Array((2...).lazy.filter { limiter.place(of: $0).shard == shard }.prefix(3))
  }

  /// One key, forgotten at 5 s: at that instant it has its burst, before it what would have been full by
  /// then.
  private func forgotten() -> KeyedRateLimiter<Int> {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: limit)
    #expect(limiter.tryAcquire(3, key: 1, at: .s(4)) == .acquired)
    limiter.forgetIdleKeys(at: .s(5))
    #expect(limiter.snapshot(at: .s(5)).keys == 0)
    return limiter
  }

  @Test func aForgottenKeyHasNothingAtAnInstantFromBefore() {
    let limiter = forgotten()
    #expect(limiter.available(key: 1, at: .s(4)) == 0)
    // New ones too, in the same table: the first makes it.
    #expect(limiter.tryAcquire(key: 1, at: .s(5)) == .acquired)
    limiter.refund(key: 1, at: .s(5))
    for key in [1] + neighbours(limiter) {
      #expect(limiter.available(key: key, at: .s(4)) == 0)
      #expect(limiter.tryAcquire(key: key, at: .s(4)) == .refused(retryAt: .s(4.8)))
      #expect(limiter.tryAcquire(2, key: key, at: .s(4.9)) == .acquired)
      #expect(limiter.tryAcquire(2, key: key, at: .s(4.9)) == .refused(retryAt: .s(5.1)))
    }
  }

  @Test func aKeyThatIsStillThereIsNoBetterOff() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: limit)
    for key in 0..<64 { #expect(limiter.tryAcquire(key: key, at: .s(4)) == .acquired) }
    for index in limiter.shards.indices { limiter.shards[index].withLock { $0.forget(at: .s(5)) } }
    for key in 0..<64 {
      #expect(limiter.available(key: key, at: .s(4.5)) == 0)
      #expect(limiter.tryAcquire(key: key, at: .s(4.5)) == .refused(retryAt: .s(4.8)))
      #expect(limiter.available(key: key, at: .s(5)) == 3)
    }
    #expect(limiter.snapshot(at: .s(4.5)).keys == 0)
  }

  @Test func anotherLimitLeavesTheFloorWhereItIs() {
    for instant in [Instant.s(4.2), .s(5), .ns(.min)] {
      let limiter = forgotten()
      limiter.update(.perSecond(100, burst: 3), at: instant)
      let other = neighbours(limiter)[0]
      #expect(limiter.tryAcquire(key: 1, at: .s(4.2)) != .acquired)
      #expect(limiter.tryAcquire(key: other, at: .s(4.9)) == .refused(retryAt: .s(4.98)))
      #expect(limiter.tryAcquire(3, key: other, at: .s(5)) == .acquired)
      #expect(limiter.tryAcquire(key: other, at: .s(5)) == .refused(retryAt: .s(5.01)))
    }
  }

  /// The count of keys and the give-back know it as well.
  @Test func whatIsFullByTheFloorTakesNoPlaceAndHasNothingToGiveBack() {
    let limiter = KeyedRateLimiter<Int>("gateway", limit: limit, maxKeys: 10)
    for key in 0..<10 { #expect(limiter.tryAcquire(3, key: key, at: .s(4)) == .acquired) }
    for index in limiter.shards.indices { limiter.shards[index].withLock { $0.forget(at: .s(5)) } }
    for key in 0..<10 {
      limiter.refund(3, key: key, at: .s(4))
      #expect(limiter.available(key: key, at: .s(4)) == 0)
    }
    #expect(limiter.snapshot(at: .s(4)).keys == 0)
    #expect(limiter.snapshot(at: .s(4)).refunded == 0)
  }

  @Test func anOriginThatMovesTakesTheFloorAlong() {
    let limiter = KeyedRateLimiter<Int>("fine", limit: .perSecond(999_999_937, burst: 2))
    let window = Double(GenericCellRate(limiter.limit).window) / 1e9
    #expect(limiter.tryAcquire(2, key: 1, at: .s(0)) == .acquired)
    for round in 1...6 {
      // Just beyond what can be counted from the origin, which then lies a quarter of that before.
      let now = Instant.s(Double(round) * window)
      limiter.forgetIdleKeys(at: now)
      #expect(limiter.tryAcquire(2, key: 1, at: now) == .acquired)
      #expect(limiter.tryAcquire(key: 1, at: now.advanced(byNanoseconds: -1)) != .acquired)
      let other = neighbours(limiter)[0]
      #expect(limiter.tryAcquire(key: other, at: now.advanced(byNanoseconds: -100_000_000)) != .acquired)
    }
  }
}
