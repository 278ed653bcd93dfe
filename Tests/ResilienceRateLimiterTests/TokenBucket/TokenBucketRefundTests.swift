import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct TokenBucketRefundTests {
  private func makeBucket(_ limit: RateLimit = .perSecond(10, burst: 5)) -> TokenBucket {
    TokenBucket("mail", limit: limit)
  }

  @Test func whatWasNotUsedIsThereAgainAtOnce() {
    let bucket = makeBucket()
    #expect(bucket.tryAcquire(5, at: .s(0)) == .acquired)
    bucket.refund(2, at: .s(0))
    #expect(bucket.tryAcquire(3, at: .s(0)) == .refused(retryAt: .s(0.1)))
    #expect(bucket.tryAcquire(2, at: .s(0)) == .acquired)
    bucket.refund(at: .s(0.04))
    #expect(bucket.tryAcquire(at: .s(0.04)) == .acquired)
    #expect(bucket.tryAcquire(at: .s(0.04)) == .refused(retryAt: .s(0.1)))
    let snapshot = bucket.snapshot(at: .s(0.04))
    #expect((snapshot.acquired, snapshot.refunded, snapshot.refused) == (8, 3, 2))
    #expect(snapshot.metrics.last?.name == "rate_limiter_refunded_permits_total")
  }

  /// Of five that were taken at 0, three have come back by themselves at 0.3 s.
  @Test(arguments: [(0, 5), (0.1, 5), (0.3, 5), (0.5, 5), (9, 5)])
  func theBucketIsFullAtMost(at second: Double, available: Int) {
    let bucket = makeBucket()
    #expect(bucket.tryAcquire(5, at: .s(0)) == .acquired)
    bucket.refund(5, at: .s(second))
    bucket.refund(5, at: .s(second))
    #expect(bucket.snapshot(at: .s(second)).available == available)
    #expect(bucket.tryAcquire(5, at: .s(second)) == .acquired)
    #expect(
      bucket.tryAcquire(at: .s(second)) == .refused(retryAt: .s(second).advanced(by: .milliseconds(100))))
  }

  @Test func nobodyGivesBackWhatWasNotGivenOut() throws {
    let bucket = makeBucket()
    let reservation = try bucket.reserve(4, at: .s(0))
    bucket.refund(4, at: .s(0))
    #expect(bucket.snapshot(at: .s(0)).available == 1)
    #expect(bucket.snapshot(at: .s(0)).refunded == 0)
    #expect(bucket.tryAcquire(at: .s(0)) == .acquired)
    bucket.refund(4, at: .s(0))
    #expect(bucket.snapshot(at: .s(0)).available == 1)
    withExtendedLifetime(reservation) {}
  }

  @Test(arguments: [0, -1, .min])
  func aNumberThatIsNoneGivesNothingBack(permits: Int) {
    let bucket = makeBucket()
    #expect(bucket.tryAcquire(5, at: .s(0)) == .acquired)
    bucket.refund(permits, at: .s(0))
    #expect(bucket.tryAcquire(at: .s(0)) == .refused(retryAt: .s(0.1)))
    bucket.refund(.max, at: .s(0))
    #expect(bucket.snapshot(at: .s(0)).available == 5)
  }

  @Test func aRateOfZeroGetsItsPermitsBack() {
    let bucket = makeBucket(.perSecond(0, burst: 2))
    #expect(bucket.tryAcquire(2, at: .s(0)) == .acquired)
    #expect(bucket.tryAcquire(at: .s(1)) == .refused(retryAt: nil))
    bucket.refund(at: .s(1))
    #expect(bucket.tryAcquire(at: .s(2)) == .acquired)
    #expect(bucket.tryAcquire(at: .s(3)) == .refused(retryAt: nil))
    let open = makeBucket(.unlimited)
    #expect(open.tryAcquire(.max, at: .s(0)) == .acquired)
    open.refund(.max, at: .s(0))
    open.update(.perSecond(1, burst: 1), at: .s(0))
    #expect(open.tryAcquire(at: .s(0)) == .acquired)
    #expect(open.tryAcquire(at: .s(0)) == .refused(retryAt: .s(1)))
  }

  @Test func whatIsReservedForLaterMovesUp() throws {
    let bucket = makeBucket()
    #expect(bucket.tryAcquire(5, at: .s(0)) == .acquired)
    let reservations = try [5, 1].map { try bucket.reserve($0, at: .s(0)) }
    #expect(reservations.map(\.due) == [.s(0.5), .s(0.6)])
    bucket.refund(3, at: .s(0.1))
    #expect(reservations.map(\.due) == [.s(0.2), .s(0.3)])
    // The permit of the first comes back, for those after it.
    #expect(reservations[0].cancel(at: .s(0.1)))
    #expect(reservations[1].due == .s(0.1))
    #expect(bucket.tryAcquire(3, at: .s(0.1)) == .acquired)
    #expect(bucket.tryAcquire(at: .s(0.1)) == .refused(retryAt: .s(0.2)))
  }

  @Test func anotherLimitKeepsWhatWasGivenBack() {
    let bucket = makeBucket(.perSecond(10, burst: 10))
    #expect(bucket.tryAcquire(8, at: .s(100)) == .acquired)
    bucket.refund(3, at: .s(100))
    bucket.update(.perSecond(7, burst: 10), at: .s(100))
    #expect(bucket.snapshot(at: .s(100)).available == 5)
    bucket.update(.perSecond(10, burst: 10), at: .s(100))
    #expect(bucket.snapshot(at: .s(100)).available == 5)
  }

  @Test func whoWaitsIsServedWithWhatComesBack() throws {
    let served = try Simulation(seed: 1).run { sim in
      let bucket = makeBucket()
      _ = bucket.tryAcquire(5)
      let served = Log<String>()
      try await withThrowingDiscardingTaskGroup { group in
        for (name, permits) in [("heavy", 3), ("light", 1), ("last", 1)] {
          group.addTask {
            try await bucket.acquire(permits)
            served.append("\(name) \(sim.now.nanoseconds / 1_000_000)")
          }
          try await sim.sleep(for: .milliseconds(10))
        }
        // 0.3 permits are there: with two more the first has not enough, with four the second has as well.
        bucket.refund(2)
        try await sim.sleep(for: .milliseconds(20))
        bucket.refund(2)
      }
      return served.entries
    }
    #expect(served == ["heavy 50", "light 50", "last 100"])
  }

  /// One permit comes back at the instant at which the first of two is cancelled: in every order the other
  /// has it.
  @Test func row40_aRefundThatRacesACancellationIsNotLost() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bucket = TokenBucket("line", limit: .perHour(1, burst: 1))
      _ = bucket.tryAcquire()
      let served = Log<Int>()
      let executor = CallContext.current.executor
      let waiters = (0..<2).map { index in
        Task.immediate(executorPreference: executor) {
          try await bucket.acquire()
          served.append(index)
        }
      }
      let refund = Task(executorPreference: executor) { bucket.refund() }
      waiters[0].cancel()
      await refund.value
      _ = await waiters[0].result
      if served.entries.isEmpty { _ = await waiters[1].result } else { waiters[1].cancel() }
      try sim.require(served.entries.count == 1, "\(served.entries) were served with one permit")
      _ = await waiters[1].result
      try sim.require(bucket.snapshot().waiting == 0, "somebody still waits")
    }
    #expect(exploration.isComplete)
  }

  /// Threads that take one and give it back, or use it: with what else closes and opens the lock-free bucket
  /// between.
  @Test func threadsThatGiveBackLoseNothingAndGainNothing() async {
    let bucket = TokenBucket("threads", limit: .perHour(1, burst: 1000))
    let used = await withTaskGroup(of: Int.self) { group in
      for thread in 0..<4 {
        group.addTask { @concurrent in
          (0..<2000).count { step in
            guard bucket.tryAcquire(at: .s(0)) == .acquired else { return false }
            guard (step + thread) % 2 == 0 else { return true }
            bucket.refund(at: .s(0))
            return false
          }
        }
      }
      return await group.reduce(0, +)
    }
    let snapshot = bucket.snapshot(at: .s(0))
    #expect(used == 1000)
    #expect(snapshot.acquired - snapshot.refunded == 1000)
    #expect(snapshot.available == 0)
  }

  @Test(arguments: [
    RateLimit.perSecond(10, burst: 5), .perSecond(999_999_999, burst: 5), .perSecond(0, burst: 5),
  ])
  func theStateOfOneCellIsRaisedByWhatIsMissing(limit: RateLimit) {
    let rate = GenericCellRate(limit)
    let empty = rate.capacity
    #expect(rate.refunding(2, to: empty, at: 0) == empty - 2 * rate.interval)
    #expect(rate.refunding(5, to: empty, at: 0) == 0)
    #expect(rate.refunding(.max, to: empty, at: 1) == 1)
    #expect(rate.refunding(.max, to: 3, at: 5) == 3)
    for permits in [0, -1, Int.min] { #expect(rate.refunding(permits, to: empty, at: 0) == empty) }
    #expect(rate.refunding(.max, to: .max, at: .min) <= 0)
  }
}
