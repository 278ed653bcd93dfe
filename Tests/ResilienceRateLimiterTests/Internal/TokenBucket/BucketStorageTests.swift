import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct BucketStorageTests {
  private func isLight(_ bucket: TokenBucket) -> Bool { bucket.storage.withLock { $0.full == nil } }

  @Test(arguments: [
    RateLimit.perSecond(10), .perSecond(999_999_937, burst: 3), .perHour(1, burst: 7), .unlimited,
    RateLimit(1_000_000_000, per: .nanoseconds(1), burst: 1 << 60),
    RateLimit(1, per: .nanoseconds(1 << 60), burst: 1), RateLimit(999_999_937, per: .seconds(86_400)),
  ])
  func aUsualBucketIsLightAndKnowsItsLimit(limit: RateLimit) {
    let updated = TokenBucket("mail", limit: .perSecond(3, burst: 2))
    updated.update(limit, at: .s(1))
    for bucket in [TokenBucket("mail", limit: limit), updated] {
      #expect(bucket.limit == limit && bucket.maxWaiting == 1024)
      #expect(bucket.tryAcquire(at: .s(1)) == .acquired)
      bucket.refund(at: .s(1))
      #expect(bucket.snapshot(at: .s(1)).refunded == 1)
      #expect(bucket.snapshot(at: .s(1)).available == limit.burst)
      #expect(bucket.limit == limit)
      #expect(isLight(bucket) == (bucket !== updated))
    }
  }

  /// What does not fit is kept whole.
  @Test(arguments: [
    TokenBucket("mail", limit: .perSecond(0, burst: 3)), TokenBucket("mail", limit: .perSecond(0)),
    TokenBucket("mail", limit: RateLimit(5, per: Duration(attoseconds: 1_500_000_000), burst: 3)),
    TokenBucket("mail", limit: .perSecond(5), maxWaiting: 7),
    TokenBucket("mail", limit: .perSecond(5)) { _ in },
  ])
  func anUnusualOneIsWhole(bucket: TokenBucket) {
    let (limit, maxWaiting) = (bucket.limit, bucket.maxWaiting)
    #expect(!isLight(bucket))
    _ = bucket.tryAcquire(at: .s(1))
    #expect(bucket.limit == limit && bucket.maxWaiting == maxWaiting)
    #expect(!isLight(bucket))
  }

  @Test func growsWithItsFirstReservationAndLosesNothing() throws {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 2))
    #expect(bucket.tryAcquire(2, at: .s(0)) == .acquired)
    bucket.refund(at: .s(0))
    #expect(isLight(bucket))
    let reservation = try bucket.reserve(2, at: .s(0))
    #expect(!isLight(bucket))
    #expect(reservation.due == .s(0.1))
    #expect(reservation.cancel(at: .s(0)))
    let snapshot = bucket.snapshot(at: .s(0))
    #expect((snapshot.available, snapshot.acquired, snapshot.refunded) == (1, 2, 1))
    #expect(bucket.limit == .perSecond(10, burst: 2))
  }

  @Test func aRowGivesTheMemoryOfManyBack() {
    let rate = GenericCellRate(.perSecond(1, burst: 1))
    var row = ReservationRow(rate)
    row.begin(rate, fullAt: 0, at: .s(0))
    let ids = (0..<1000).map { _ in row.append(1, Int128(rate.interval), at: .s(0)) }
    #expect(row.room == 1024)
    for id in ids.dropFirst(10) { #expect(row.cancel(id, at: .s(0)) != nil) }
    #expect(row.room <= 128)
    #expect(row.due(of: ids[9]) == .s(9))
    for id in ids.prefix(10) { #expect(row.cancel(id, at: .s(0)) != nil) }
    #expect(row.isEmpty && row.room == 0)
  }
}
