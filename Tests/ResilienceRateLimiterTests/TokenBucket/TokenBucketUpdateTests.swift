import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct TokenBucketUpdateTests {
  @Test(arguments: [
    RateLimit.perSecond(7, burst: 10), .perSecond(999_999_999, burst: 10), .perHour(1, burst: 10),
    .perSecond(0, burst: 10),
  ])
  func row43_anotherLimitKeepsTheDebt(limit: RateLimit) {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 10))
    #expect(bucket.tryAcquire(8, at: .s(100)) == .acquired)
    for _ in 0..<10 {
      bucket.update(limit, at: .s(100))
      #expect(bucket.limit == limit)
      #expect(bucket.snapshot(at: .s(100)).available == 2)
      bucket.update(.perSecond(10, burst: 10), at: .s(100))
      #expect(bucket.snapshot(at: .s(100)).available == 2)
    }
    bucket.update(limit, at: .s(100))
    #expect(bucket.tryAcquire(3, at: .s(100)) != .acquired)
    #expect(bucket.tryAcquire(2, at: .s(100)) == .acquired)
  }

  @Test func row43_anotherBurstKeepsTheDebt() {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 10))
    #expect(bucket.tryAcquire(8, at: .s(0)) == .acquired)
    bucket.update(.perSecond(10, burst: 5), at: .s(0))
    #expect(bucket.tryAcquire(at: .s(0)) == .refused(retryAt: .s(0.4)))
    bucket.update(.perSecond(10, burst: 20), at: .s(0))
    #expect(bucket.snapshot(at: .s(0)).available == 12)
  }

  @Test func halfAPermitStaysHalfAPermit() {
    let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 1))
    #expect(bucket.tryAcquire(at: .s(0)) == .acquired)
    bucket.update(.perSecond(1, burst: 1), at: .s(0.05))
    #expect(bucket.tryAcquire(at: .s(0.05)) == .refused(retryAt: .s(0.55)))
  }

  @Test func opensAndCloses() {
    let bucket = TokenBucket("mail", limit: .perSecond(0))
    #expect(bucket.tryAcquire(at: .s(0)) == .refused(retryAt: nil))
    bucket.update(.unlimited, at: .s(0))
    for _ in 0..<100 { #expect(bucket.tryAcquire(at: .s(0)) == .acquired) }
    // What was taken without a limit is not owed.
    bucket.update(.perSecond(1, burst: 1), at: .s(0))
    #expect(bucket.tryAcquire(at: .s(0)) == .acquired)
    bucket.update(.perSecond(0), at: .s(0.5))
    #expect(bucket.tryAcquire(at: .s(100)) == .refused(retryAt: nil))
  }

  @Test func reservationsAreTimedAnew() throws {
    let bucket = TokenBucket("mail", limit: .perSecond(1, burst: 1))
    let reservations = try (0..<3).map { _ in try bucket.reserve(at: .s(0)) }
    bucket.update(.perSecond(10, burst: 1), at: .s(0.5))
    #expect(reservations.map(\.due) == [.s(0), .s(0.55), .s(0.65)])
    bucket.update(.perSecond(0, burst: 1), at: .s(0.5))
    #expect(reservations.map(\.due) == [.s(0), .ns(.max), .ns(.max)])
    bucket.update(.perSecond(1, burst: 2), at: .s(0.5))
    #expect(reservations[2].cancel(at: .s(0.5)))
    #expect(reservations[1].due == .s(0.5))
  }

  /// Of three that wait, with deadlines at 1, 2 and 20 seconds, after one change of the limit 50 ms later.
  @Test(arguments: [
    (RateLimit.perSecond(10, burst: 1), ["granted 0.14", "granted 0.24", "granted 0.34"]),
    (.perSecond(1, burst: 1), ["granted 0.95", "granted 1.95", "granted 2.95"]),
    (.perSecond(1, burst: 4), ["granted 0.05", "granted 0.05", "granted 0.05"]),
    (.unlimited, ["granted 0.05", "granted 0.05", "granted 0.05"]),
    (RateLimit(1, per: .seconds(10), burst: 1), ["deadline 0.05", "deadline 0.05", "granted 9.05"]),
    (.perSecond(0), ["noPermit 0.05", "noPermit 0.05", "noPermit 0.05"]),
  ])
  func waitersAreTimedAnew(limit: RateLimit, expected: [String]) throws {
    let ends = try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("mail", limit: .perSecond(2, burst: 1))
      _ = bucket.tryAcquire()
      return try await withThrowingTaskGroup { group in
        for (index, deadline) in [1.0, 2, 20].enumerated() {
          try await sim.sleep(for: .nanoseconds(1))
          group.addTask {
            do {
              try await bucket.acquire(deadline: Deadline(at: .s(deadline)))
              return (index, "granted \(Double(sim.now.nanoseconds / 1_000_000) / 1000)")
            } catch let error as RateLimited {
              return (index, "\(error.reason) \(Double(sim.now.nanoseconds / 1_000_000) / 1000)")
            }
          }
        }
        try await sim.advance(by: .nanoseconds(49_999_997))
        bucket.update(limit)
        return try await group.reduce(into: ["", "", ""]) { $0[$1.0] = $1.1 }
      }
    }
    #expect(ends == expected)
  }

  @Test func aWaiterThatAsksForMoreThanTheNewBurstIsToldSo() throws {
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("mail", limit: .perSecond(2, burst: 4))
      _ = bucket.tryAcquire(4)
      async let heavy: Void = bucket.acquire(3)
      async let light: Void = bucket.acquire(1)
      try await sim.advance(by: .milliseconds(1))
      bucket.update(.perSecond(2, burst: 2))
      do {
        try await heavy
        Issue.record("3 permits of a burst of 2")
      } catch {
        #expect(error as? ImpossiblePermits == ImpossiblePermits(limiter: "mail", permits: 3, burst: 2))
      }
      try await light
      #expect(sim.now == .s(1.5))
    }
  }
}
