import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct ReservationTests {
  private func makeBucket(_ limit: RateLimit = .perSecond(10, burst: 2), maxWaiting: Int = 1024)
    -> TokenBucket
  {
    TokenBucket("mail", limit: limit, maxWaiting: maxWaiting)
  }

  @Test func isDueWhenThePermitsAreThere() throws {
    let bucket = makeBucket()
    let weights = [1, 1, 1, 2]
    let reservations = try weights.map { try bucket.reserve($0, at: .s(0)) }
    #expect(reservations.map(\.due) == [.s(0), .s(0), .s(0.1), .s(0.3)])
    #expect(bucket.tryAcquire(at: .s(0.3)) == .refused(retryAt: .s(0.4)))
    #expect(bucket.snapshot(at: .s(0)).acquired == 0)
  }

  /// Four reservations, of which some are cancelled in some order: what stays is as if the others had never
  /// been.
  @Test func row34_reserveAndCancelInAnyOrderRestoresExactly() throws {
    let weights = [2, 1, 2, 1]
    for cancelled in permutations([0, 1, 2, 3]) {
      for count in 0...4 {
        let bucket = makeBucket()
        let reservations = try weights.map { try bucket.reserve($0, at: .s(0)) }
        for index in cancelled.prefix(count) { #expect(reservations[index].cancel(at: .s(0))) }
        let others = makeBucket()
        let staying = weights.indices.filter { !cancelled.prefix(count).contains($0) }
        let expected = try staying.map { try others.reserve(weights[$0], at: .s(0)) }
        #expect(staying.map { reservations[$0].due } == expected.map(\.due))
        for permits in [1, 2] {
          #expect(bucket.tryAcquire(permits, at: .s(0)) == others.tryAcquire(permits, at: .s(0)))
        }
      }
    }
  }

  private func permutations(_ items: [Int]) -> [[Int]] {
    items.isEmpty
      ? [[]] : items.flatMap { item in permutations(items.filter { $0 != item }).map { [item] + $0 } }
  }

  @Test func row34_aFailedReservationDoesNotDelayTheNext() throws {
    let bucket = makeBucket(maxWaiting: 1)
    _ = try bucket.reserve(2, at: .s(0))
    let pending = try bucket.reserve(at: .s(0))
    for _ in 0..<3 {
      #expect(throws: RateLimited(limiter: "mail", reason: .queueFull, retryAt: .s(0.2), at: .s(0))) {
        try bucket.reserve(at: .s(0))
      }
      #expect(throws: ImpossiblePermits(limiter: "mail", permits: 3, burst: 2)) {
        try bucket.reserve(3, at: .s(0))
      }
    }
    #expect(try bucket.reserve(at: .s(0.1)).due == .s(0.2))
    #expect(pending.due == .s(0.1))
  }

  @Test func cancellingAfterItsDueGivesNothingBack() throws {
    let bucket = makeBucket(.perSecond(1, burst: 1))
    let reservations = try (0..<4).map { _ in try bucket.reserve(at: .s(0)) }
    #expect(!reservations[1].cancel(at: .ns(1_000_000_001)))
    #expect(reservations.map(\.due) == [.s(0), .s(1), .s(2), .s(3)])
    // Nor does an instant from before that comes after it.
    #expect(!reservations[1].cancel(at: .s(0.5)))
    #expect(reservations[2].cancel(at: .s(2)))
    #expect(reservations.map(\.due) == [.s(0), .s(1), nil, .s(2)])
    #expect(!reservations[2].cancel(at: .s(2)))
    #expect(bucket.tryAcquire(at: .s(2)) == .refused(retryAt: .s(3)))
  }

  @Test func laterReservationsMoveUpToThePresentAtMost() throws {
    let bucket = makeBucket(.perSecond(1, burst: 1))
    let reservations = try (0..<4).map { _ in try bucket.reserve(at: .s(0)) }
    #expect(reservations[2].cancel(at: .s(1.5)))
    #expect(reservations.map(\.due) == [.s(0), .s(1), nil, .s(2)])
    #expect(reservations[3].cancel(at: .s(1.75)))
    #expect(bucket.tryAcquire(at: .s(1.75)) == .refused(retryAt: .s(2)))
    let late = makeBucket(.perSecond(1, burst: 5))
    let heavy = try [5, 5, 1].map { try late.reserve($0, at: .s(0)) }
    #expect(heavy.map(\.due) == [.s(0), .s(5), .s(6)])
    #expect(heavy[1].cancel(at: .s(3)))
    #expect(heavy[2].due == .s(3))
  }

  /// Three permits a second, one at once: each is due a third of a second after the other, and told in whole
  /// nanoseconds.
  @Test(arguments: [3, 7, 300_000_007, 999_999_999])
  func aChainOfWholeBurstsLosesNothing(permits: Int) throws {
    let bucket = makeBucket(.perSecond(permits, burst: 1), maxWaiting: .max)
    let reservations = try (0..<400).map { _ in try bucket.reserve(at: .s(0)) }
    for (number, reservation) in reservations.enumerated() {
      let due = (number * 1_000_000_000 + permits - 1) / permits
      #expect(reservation.due == .ns(Int64(due)))
    }
  }

  @Test func whatIsLetGoOfIsUsed() throws {
    let bucket = makeBucket()
    do { _ = try bucket.reserve(2, at: .s(0)) }
    #expect(bucket.snapshot(at: .s(0)).acquired == 2)
    #expect(bucket.tryAcquire(at: .s(0)) == .refused(retryAt: .s(0.1)))
  }

  @Test func waitersComeFirstAndMoveUpWhenAReservationIsCancelled() throws {
    let servedAt = try Simulation(seed: 1).run { sim in
      let bucket = makeBucket()
      _ = bucket.tryAcquire(2)
      let reservation = try bucket.reserve(2)
      async let served = {
        try await bucket.acquire()
        return sim.now
      }()
      try await sim.advance(by: .milliseconds(50))
      #expect(throws: RateLimited(limiter: "mail", reason: .noPermit, retryAt: .s(0.4), at: .s(0.05))) {
        try bucket.reserve()
      }
      #expect(reservation.cancel())
      return try await served
    }
    #expect(servedAt == .s(0.1))
  }
}
