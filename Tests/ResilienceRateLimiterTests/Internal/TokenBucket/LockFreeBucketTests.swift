import ResilienceCore
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceRateLimiter

@Suite struct LockFreeBucketTests {
  /// Else an exchange that was prepared before the lock-free bucket was closed would take a permit of what
  /// was put in afterwards.
  @Test(arguments: [RateLimit.perSecond(10, burst: 3), .perSecond(999_999_937, burst: 3), .unlimited])
  func neverHasTheSameStateInTwoOpenings(limit: RateLimit) {
    let rate = GenericCellRate(limit)
    let lockFree = LockFreeBucket(rate)
    var last: Int64 = -1
    let now = Instant.s(4)
    let scale = Int128(rate.ticksPerNanosecond)
    var states: Set<Int64> = []
    for turn in 0..<300 as Range<Int128> {
      // Sometimes in debt, sometimes full, and over and over the same.
      let fullAt = (4_000_000_000 + (turn % 3 == 0 ? -5 : 100)) * scale
      let isOpen = lockFree.open(rate, fullAt: fullAt, after: last, at: now)
      #expect(isOpen)
      let state = lockFree.state.load(ordering: .relaxed)
      #expect(states.insert(state).inserted, "\(state) again in turn \(turn)")
      last = lockFree.close()
      #expect(scale == 0 || lockFree.fullAt(last) == fullAt)
    }
  }
}
