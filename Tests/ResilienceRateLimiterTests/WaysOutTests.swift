import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private struct Down: Error {}

private struct Refused: Rejection {
  var retryAt: Instant? { nil }
}

/// Each way out of a call, against everything that a limiter takes for it.
@Suite struct WaysOutTests {
  enum Way: String, CaseIterable, Sendable {
    case success, failure
    /// After the deadline, which is 1 s.
    case lateFailure, lateValue
    case refusalInside
    case cancellation, cancellationByAnotherError
    /// Left running when its time was up.
    case abandonment
  }

  enum Permit: String, CaseIterable, Sendable {
    case bucket, waitingBucket, bucketOfRequests, keyed, keyedOfWork, quota, quotaOfRequests

    /// Whether a refusal further in gives it back.
    var countsWork: Bool {
      switch self {
      case .bucket, .waitingBucket, .keyedOfWork, .quota: true
      case .bucketOfRequests, .keyed, .quotaOfRequests: false
      }
    }
  }

  /// How many of three permits are there, and the call, decorated and in place.
  private struct Limited {
    var decorated: AnyHandler<Void, Void>
    var inline: @Sendable () async throws -> Void
    var available: @Sendable () -> Int
  }

  private func limited(_ permit: Permit, _ leaf: ServiceCall<Void, Void>) -> Limited {
    let refunds = permit.countsWork
    switch permit {
    case .bucket, .waitingBucket, .bucketOfRequests:
      let bucket = TokenBucket("mail", limit: .perHour(1, burst: 3))
      let mode = permit == .waitingBucket ? RateLimitMode.wait : .reject
      let decorated =
        refunds
        ? leaf.rateLimit(bucket, mode: mode) : leaf.rateLimit(bucket, mode: mode, refundsRefusals: false)
      return Limited(
        decorated: decorated.erased(),
        inline: { try await bucket.run(mode: mode, refundsRefusals: refunds) { try await leaf() } },
        available: { bucket.snapshot().available })
    case .keyed, .keyedOfWork:
      let keyed = KeyedRateLimiter<Int>("mail", limit: .perHour(1, burst: 3))
      let decorated =
        refunds
        ? leaf.rateLimit(keyed, refundsRefusals: true, by: { 7 }) : leaf.rateLimit(keyed, by: { 7 })
      return Limited(
        decorated: decorated.erased(),
        inline: { try await keyed.run(key: 7, refundsRefusals: refunds) { try await leaf() } },
        available: { keyed.available(key: 7) })
    case .quota, .quotaOfRequests:
      let quota = QuotaLimiter("mail", quotas: [.perHour(3)])
      let decorated = refunds ? leaf.rateLimit(quota) : leaf.rateLimit(quota, refundsRefusals: false)
      return Limited(
        decorated: decorated.erased(),
        inline: { try await quota.run(refundsRefusals: refunds) { try await leaf() } },
        available: { quota.snapshot().usage[0].available })
    }
  }

  private func leaf(_ way: Way, _ sim: Simulation) -> ServiceCall<Void, Void> {
    ServiceCall("leaf") { (_: Void) in
      switch way {
      case .success: break
      case .failure: throw Down()
      case .lateFailure:
        try await sim.sleep(for: .seconds(2))
        throw Down()
      case .lateValue: try await sim.sleep(for: .seconds(2))
      case .refusalInside: throw Refused()
      case .cancellation: try await sim.sleep(for: .seconds(2))
      case .cancellationByAnotherError:
        do { try await sim.sleep(for: .seconds(2)) } catch { throw Down() }
      case .abandonment:
        await deaf(for: .seconds(3))
        throw Down()
      }
    }
  }

  /// Calls with a deadline of 1 s, and ends the call in its way.
  ///
  /// - Parameter midway: Asked when whoever waits has left, or is about to; the call may still run.
  private func play(
    _ way: Way, _ sim: Simulation, midway: () -> Void,
    _ call: @escaping @Sendable (CallContext) async throws -> Void
  ) async throws {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: .s(1)))
    let tightened = context
    let task = Task.immediate(executorPreference: context.executor) { try await call(tightened) }
    switch way {
    case .cancellation, .cancellationByAnotherError:
      try await sim.sleep(for: .milliseconds(500))
      midway()
      task.cancel()
    case .abandonment:
      try await sim.sleep(for: .seconds(1))
      task.cancel()
      try await sim.sleep(for: .seconds(1))
      midway()
    case .lateFailure, .lateValue:
      try await sim.sleep(for: .milliseconds(1500))
      midway()
    case .success, .failure, .refusalInside: break
    }
    _ = await task.result
  }

  @Test(arguments: Permit.allCases, Way.allCases)
  func row68_aPermitGoesBackIfALayerInsideRefusedAndInNoOtherWay(permit: Permit, way: Way) throws {
    let left = way == .refusalInside && permit.countsWork ? 3 : 2
    try Simulation(seed: 1).run { sim in
      let limited = limited(permit, leaf(way, sim))
      try await play(way, sim, midway: { #expect(limited.available() == 2) }) {
        try await limited.decorated.handle((), context: $0)
      }
      #expect(limited.available() == left)
    }
    try Simulation(seed: 1).run { sim in
      let limited = limited(permit, leaf(way, sim))
      try await play(way, sim, midway: { #expect(limited.available() == 2) }) { _ in
        try await limited.inline()
      }
      #expect(limited.available() == left)
    }
  }

  /// What a throttle counts of a call: whether it was attempted, and whether it was accepted.
  private static let counts: [Way: (attempts: Int, accepts: Int)] = [
    .success: (1, 1), .failure: (1, 0), .lateFailure: (1, 0), .lateValue: (1, 1), .refusalInside: (0, 0),
    .cancellation: (0, 0), .cancellationByAnotherError: (0, 0), .abandonment: (1, 0),
  ]

  @Test(arguments: Way.allCases)
  func row66_aThrottleCountsWhatSaysSomethingAboutTheDestination(way: Way) throws {
    let expected = try #require(Self.counts[way])
    try Simulation(seed: 1).run { sim in
      let throttle = AdaptiveThrottle("mail")
      let call = leaf(way, sim).throttle(throttle)
      try await play(way, sim, midway: { #expect(throttle.snapshot().attempts == 1) }) {
        try await call.handle((), context: $0)
      }
      let snapshot = throttle.snapshot()
      #expect((snapshot.attempts, snapshot.accepts) == expected, "decorated")
    }
    try Simulation(seed: 1).run { sim in
      let throttle = AdaptiveThrottle("mail")
      let leaf = leaf(way, sim)
      try await play(way, sim, midway: { #expect(throttle.snapshot().attempts == 1) }) { context in
        try await CallContext.withCurrent(context) {
          try await throttle.run { try await leaf.handle((), context: context) }
        }
      }
      let snapshot = throttle.snapshot()
      #expect((snapshot.attempts, snapshot.accepts) == expected, "in place")
    }
  }

  /// Around a retry a refusal may be what its last attempt came to, after others that ran.
  @Test(arguments: [false, true])
  func row68_aRefusalThatARetryEndsWithProvesNothing(isSaid: Bool) throws {
    struct Again: RetriesInside {
      var base: ServiceCall<Void, Void>
      func handle(_ input: Void, context: CallContext) async throws { throw Refused() }
    }
    try Simulation(seed: 1).run { _ in
      let retried = Again(base: ServiceCall { (_: Void) in })
      // The compiler warns of a quota around a retry.
      let hidden = retried.erased()
      let bucket = TokenBucket("mail", limit: .perHour(1, burst: 3))
      let quota = QuotaLimiter("mail", quotas: [.perHour(3)])
      let calls: [AnyHandler<Void, Void>] =
        isSaid
        ? [
          retried.rateLimit(bucket, refundsRefusals: true).erased(),
          hidden.rateLimit(quota, refundsRefusals: true).erased(),
        ]
        : [
          retried.rateLimit(bucket).erased(), hidden.rateLimit(quota).erased(),
          retried.rateLimit(bucket, cost: { 1 }).erased(),
        ]
      for call in calls { await #expect(throws: Refused.self) { try await call() } }
      #expect(bucket.snapshot().available == (isSaid ? 3 : 1))
      #expect(quota.snapshot().usage[0].available == (isSaid ? 3 : 2))
    }
  }

  /// By weight, and only what was taken.
  @Test func row68_whatGoesBackIsWhatTheInputCost() throws {
    try Simulation(seed: 1).run { _ in
      let leaf = ServiceCall { (size: Int) in if size > 1 { throw Refused() } }
      let bucket = TokenBucket("mail", limit: .perHour(1, burst: 9))
      let keyed = KeyedRateLimiter<Bool>("mail", limit: .perHour(1, burst: 9))
      let quota = QuotaLimiter("mail", quotas: [.perHour(9)])
      let call = leaf.rateLimit(bucket, cost: { $0 }).rateLimit(quota, cost: { $0 })
        .rateLimit(keyed, refundsRefusals: true, by: { $0 < 9 }, cost: { $0 })
      try await call(1)
      await #expect(throws: Refused.self) { try await call(5) }
      try await call(0)
      let left = [
        bucket.snapshot().available, quota.snapshot().usage[0].available, keyed.available(key: true),
        keyed.available(key: false),
      ]
      #expect(left == [8, 8, 8, 9])
      // A refusal of the innermost gives back what those around it took, and itself takes nothing.
      await #expect(throws: RateLimited.self) { try await call(9) }
      #expect(bucket.snapshot().refunded == 5)
      #expect(quota.snapshot().refunded == 5)
      #expect(keyed.available(key: false) == 9)
      #expect(keyed.snapshot().refunded == 14)
    }
  }
}

/// Waits, whether it is cancelled or not.
private func deaf(for duration: Duration) async {
  let clock = CallContext.current.clock
  await withUnsafeContinuation { continuation in
    _ = clock.schedule(at: clock.now.advanced(by: duration)) { continuation.resume() }
  }
}
