import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// A number of permits that an input computes may be anything.
@Suite struct ImpossiblePermitsTests {
  enum Limiter: String, CaseIterable, Sendable {
    case bucket, waitingBucket, keyed, quota
  }

  /// Each way to ask for permits, of a limiter with a burst of 3.
  private struct Faces {
    var primitive: @Sendable (Int, Instant) -> RateLimitDecision
    var inline: @Sendable (Int) async throws -> Void
    var decorated: AnyHandler<Int, Void>
    var refused: @Sendable () -> (calls: Int, permits: Int)
  }

  private func faces(_ limiter: Limiter, _ recorder: EventRecorder) -> Faces {
    let call = ServiceCall { (_: Int) in }
    switch limiter {
    case .bucket, .waitingBucket:
      let mode = limiter == .bucket ? RateLimitMode.reject : .wait
      let bucket = TokenBucket("mail", limit: .perSecond(1, burst: 3), onEvent: { recorder.record($0) })
      return Faces(
        primitive: { bucket.tryAcquire($0, at: $1) },
        inline: { permits in try await bucket.run(permits: permits, mode: mode) {} },
        decorated: call.rateLimit(bucket, mode: mode, cost: { $0 }).erased(),
        refused: { (bucket.snapshot().refused, bucket.snapshot().acquired) })
    case .keyed:
      let keyed = KeyedRateLimiter<Int>(
        "mail", limit: .perSecond(1, burst: 3), onEvent: { recorder.record($0) })
      return Faces(
        primitive: { keyed.tryAcquire($0, key: 7, at: $1) },
        inline: { permits in try await keyed.run(key: 7, permits: permits) {} },
        decorated: call.rateLimit(keyed, by: { _ in 7 }, cost: { $0 }).erased(),
        refused: { (keyed.snapshot().refused, keyed.snapshot().acquired) })
    case .quota:
      let quota = QuotaLimiter(
        "mail", quotas: [.perSecond(3), .perMinute(9)], onEvent: { recorder.record($0) })
      return Faces(
        primitive: { quota.tryAcquire($0, at: $1) },
        inline: { permits in try await quota.run(permits: permits) {} },
        decorated: call.rateLimit(quota, cost: { $0 }).erased(),
        refused: { (quota.snapshot().refused, quota.snapshot().acquired) })
    }
  }

  @Test(arguments: Limiter.allCases, [-1, -7, .min, .min + 1, 4, 1_000_000_001, .max - 1, .max])
  func row73_whatIsImpossibleIsATypedErrorThatNamesTheValue(limiter: Limiter, permits: Int) throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let faces = faces(limiter, recorder)
      let error = ImpossiblePermits(limiter: "mail", permits: permits, burst: 3)
      #expect(faces.primitive(permits, sim.now) == .impossible)
      await #expect(throws: error) { try await faces.inline(permits) }
      await #expect(throws: error) { try await faces.decorated(permits) }
      #expect(error.description.contains("its permits must be in 0 ... 3, was \(permits)"))
      #expect(faces.refused() == (3, 0))
      #expect(faces.primitive(3, sim.now) == .acquired)
      // Also of one that has none left.
      #expect(faces.primitive(permits, sim.now) == .impossible)
      #expect(sim.now == .s(0))
    }
    #expect(recorder.descriptions.count == 4)
    let key = limiter == .keyed ? "key=7 " : ""
    #expect(
      recorder.descriptions.allSatisfy { $0 == "rate_limiter.refused limiter=mail \(key)permits=\(permits)" })
  }

  @Test(arguments: Limiter.allCases)
  func row73_noPermitsAreAlwaysThereAndNothingIsTaken(limiter: Limiter) throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let faces = faces(limiter, recorder)
      for acquired in [0, 3] {
        if acquired == 3 { #expect(faces.primitive(3, sim.now) == .acquired) }
        #expect(faces.primitive(0, sim.now) == .acquired)
        try await faces.inline(0)
        try await faces.decorated(0)
        #expect(faces.refused() == (0, acquired))
      }
      #expect(sim.now == .s(0))
    }
    #expect(recorder.events.isEmpty)
  }

  @Test(arguments: [-1, .min, 4, .max])
  func row73_aReservationAndAWaitAreNoDifferent(permits: Int) async {
    let bucket = TokenBucket("mail", limit: .perSecond(1, burst: 3))
    let error = ImpossiblePermits(limiter: "mail", permits: permits, burst: 3)
    #expect(throws: error) { try bucket.reserve(permits, at: .s(0)) }
    await #expect(throws: error) { try await bucket.acquire(permits) }
    #expect(bucket.snapshot(at: .s(0)).refused == 2)
  }

  @Test func row73_aReservationOfNoneIsThereAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("mail", limit: .perSecond(1, burst: 3))
      let later = try [3, 2].map { try bucket.reserve($0) }
      try await bucket.acquire(0)
      let none = try bucket.reserve(0)
      #expect(none.due == .s(0))
      #expect(none.permits == 0)
      #expect(!none.cancel())
      #expect(none.due == .s(0))
      #expect(later.map(\.due) == [.s(0), .s(2)])
      #expect(sim.now == .s(0))
    }
  }

  /// Without a rate, without a limit, and in a line: none is none.
  @Test func row73_noneAndFewerOfALimiterThatIsClosedOrOpen() throws {
    for (limit, isOpen) in [(RateLimit.perSecond(0), false), (.unlimited, true)] {
      let bucket = TokenBucket("mail", limit: limit)
      let keyed = KeyedRateLimiter<Int>("mail", limit: limit)
      for permits in [-1, Int.min] {
        #expect(bucket.tryAcquire(permits, at: .s(0)) == .impossible)
        #expect(keyed.tryAcquire(permits, key: 1, at: .s(0)) == .impossible)
      }
      for permits in [1, Int.max] {
        let expected = isOpen ? RateLimitDecision.acquired : .refused(retryAt: nil)
        #expect(bucket.tryAcquire(permits, at: .s(0)) == expected)
        #expect(keyed.tryAcquire(permits, key: 1, at: .s(0)) == expected)
      }
      #expect(bucket.tryAcquire(0, at: .s(0)) == .acquired)
      #expect(keyed.tryAcquire(0, key: 1, at: .s(0)) == .acquired)
      #expect(try bucket.reserve(0, at: .s(0)).due == .s(0))
    }
    let closed = QuotaLimiter("mail", quotas: [.perSecond(0)])
    #expect(closed.tryAcquire(0, at: .s(0)) == .acquired)
    #expect(closed.tryAcquire(-1, at: .s(0)) == .impossible)
    #expect(closed.tryAcquire(1, at: .s(0)) == .refused(retryAt: nil))
  }
}
