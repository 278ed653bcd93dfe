import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct TokenBucketWaitingTests {
  enum End: Hashable, Sendable {
    case granted(Instant)
    case cancelled(Instant)
    case limited(RateLimited, Instant)
  }

  struct Arrival: Sendable {
    var at: Duration
    var permits = 1
    var cancelAfter: Duration?
    var deadline = Deadline.never
  }

  /// Plays the arrivals, and tells how each ended.
  private func play(
    _ arrivals: [Arrival], _ limit: RateLimit, maxWaiting: Int = 1024, seed: UInt64 = 1
  ) throws -> [End] {
    try Simulation(seed: seed).run { sim in
      let bucket = TokenBucket("line", limit: limit, maxWaiting: maxWaiting)
      let ends = await withTaskGroup { group in
        for (index, arrival) in arrivals.enumerated() {
          group.addTask { (index, await self.end(of: arrival, bucket, sim)) }
        }
        return await group.reduce(into: [Int: End]()) { $0[$1.0] = $1.1 }
      }
      #expect(bucket.snapshot().waiting == 0)
      return arrivals.indices.compactMap { ends[$0] }
    }
  }

  private func end(of arrival: Arrival, _ bucket: TokenBucket, _ sim: Simulation) async -> End {
    try? await sim.sleep(for: arrival.at)
    return await withTaskGroup { group in
      group.addTask {
        do {
          try await bucket.acquire(arrival.permits, deadline: arrival.deadline)
          return End.granted(sim.now)
        } catch let error as RateLimited {
          return .limited(error, sim.now)
        } catch {
          return .cancelled(sim.now)
        }
      }
      if let delay = arrival.cancelAfter {
        try? await sim.sleep(for: delay)
        group.cancelAll()
      }
      return await group.next() ?? .cancelled(sim.now)
    }
  }

  /// One arrival a millisecond.
  private func arrivals(_ count: Int) -> [Arrival] {
    (0..<count).map { Arrival(at: .milliseconds($0)) }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func waitersAreServedInTheOrderOfArrival(seed: UInt64) throws {
    let ends = try play(arrivals(5), .perSecond(10, burst: 1), seed: seed)
    #expect(
      ends == [.granted(.s(0)), .granted(.s(0.1)), .granted(.s(0.2)), .granted(.s(0.3)), .granted(.s(0.4))])
  }

  @Test func nobodyOvertakesAHeavyWaiter() throws {
    var line = arrivals(3)
    line[0].permits = 3
    line[1].permits = 3
    let ends = try play(line, .perSecond(10, burst: 4))
    #expect(ends == [.granted(.s(0)), .granted(.s(0.2)), .granted(.s(0.3))])
  }

  @Test func tryAcquireRefusesWhileSomebodyWaits() throws {
    let decision = try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 4))
      #expect(bucket.tryAcquire(2) == .acquired)
      async let heavy: Void = bucket.acquire(4)
      try await sim.sleep(for: .milliseconds(50))
      let decision = bucket.tryAcquire(1)
      try await heavy
      return decision
    }
    #expect(decision == .refused(retryAt: .s(0.3)))
  }

  /// The first of six takes the permit that is there, the others wait; the one at `index` gives up.
  @Test(arguments: [1, 3, 5])
  func row36_whenAWaiterGivesUpItsSuccessorsMoveUp(index: Int) throws {
    var line = arrivals(6)
    line[index].cancelAfter = .milliseconds(50)
    let ends = try play(line, .perSecond(10, burst: 1))
    let cancelledAt = Instant.s(0).advanced(by: .milliseconds(50 + index))
    let expected = (0..<6).map { waiter -> End in
      if waiter == index { return .cancelled(cancelledAt) }
      return .granted(.s(0).advanced(by: .milliseconds(100 * (waiter < index ? waiter : waiter - 1))))
    }
    #expect(ends == expected)
  }

  @Test func row37_aCancelledWaiterFreesItsPlaceAtOnce() throws {
    var line = arrivals(4)
    line[1].cancelAfter = .milliseconds(20)
    line[3].at = .nanoseconds(21_000_001)
    // Two may wait: the fourth comes in just after the second has left, the fifth is one too many.
    line.append(Arrival(at: .milliseconds(22)))
    let ends = try play(line, .perSecond(10, burst: 1), maxWaiting: 2, seed: 4)
    let full = RateLimited(limiter: "line", reason: .queueFull, retryAt: .s(0.3), at: .s(0.022))
    #expect(
      ends == [
        .granted(.s(0)), .cancelled(.s(0.021)), .granted(.s(0.1)), .granted(.s(0.2)),
        .limited(full, .s(0.022)),
      ])
  }

  @Test func row37_theQueueIsBoundedByWeight() throws {
    let line = [
      Arrival(at: .zero, permits: 4),
      Arrival(at: .milliseconds(1), permits: 3, cancelAfter: .milliseconds(5)),
      Arrival(at: .milliseconds(2), permits: 3), Arrival(at: .milliseconds(3), permits: 2),
      Arrival(at: .milliseconds(7), permits: 3),
    ]
    let ends = try play(line, .perSecond(10, burst: 4), maxWaiting: 5)
    let full = RateLimited(limiter: "line", reason: .queueFull, retryAt: .s(0.6), at: .s(0.002))
    #expect(
      ends == [
        .granted(.s(0)), .cancelled(.s(0.006)), .limited(full, .s(0.002)), .granted(.s(0.2)),
        .granted(.s(0.5)),
      ])
  }

  @Test func row67_aWeightWithinTheBurstAlwaysFitsAnEmptyLine() throws {
    let line = [
      Arrival(at: .zero, permits: 1_000_000), Arrival(at: .microseconds(1), permits: 5_000),
      // The line is not empty any more, and longer than it may be.
      Arrival(at: .milliseconds(1)),
      Arrival(at: .milliseconds(6), permits: 1_000_000),
    ]
    let ends = try play(line, .perSecond(1_000_000))
    let full = RateLimited(limiter: "line", reason: .queueFull, retryAt: .s(0.005_001), at: .s(0.001))
    #expect(ends == [.granted(.s(0)), .granted(.s(0.005)), .limited(full, .s(0.001)), .granted(.s(1.005))])
  }

  @Test func row67_aReservationWithinTheBurstAlwaysFitsAnEmptyLine() throws {
    let bucket = TokenBucket("line", limit: .perSecond(1_000_000))
    #expect(bucket.tryAcquire(1_000_000, at: .s(0)) == .acquired)
    let heavy = try bucket.reserve(5_000, at: .s(0))
    #expect(heavy.due == .s(0.005))
    #expect(throws: RateLimited(limiter: "line", reason: .queueFull, retryAt: .s(0.005_001), at: .s(0))) {
      try bucket.reserve(1, at: .s(0))
    }
    // Its permits are there: nobody waits any more.
    #expect(try bucket.reserve(1_000_000, at: .s(0.005)).due == .s(1.005))
  }

  @Test func row67_nobodyWaitsWhereNobodyMay() throws {
    let ends = try play(
      [Arrival(at: .zero, permits: 2), Arrival(at: .milliseconds(1))], .perSecond(10, burst: 2), maxWaiting: 0
    )
    let full = RateLimited(limiter: "line", reason: .queueFull, retryAt: .s(0.1), at: .s(0.001))
    #expect(ends == [.granted(.s(0)), .limited(full, .s(0.001))])
  }

  @Test func row37_aCancelledHeavyHeadDoesNotBlockTheSmallOnesBehind() throws {
    let line = [
      Arrival(at: .zero, permits: 2),
      Arrival(at: .milliseconds(1), permits: 4, cancelAfter: .milliseconds(49)),
      Arrival(at: .milliseconds(2)), Arrival(at: .milliseconds(3)),
    ]
    let ends = try play(line, .perSecond(10, burst: 4))
    #expect(ends == [.granted(.s(0)), .cancelled(.s(0.05)), .granted(.s(0.05)), .granted(.s(0.05))])
  }

  @Test func row38_anImpossibleWaitFailsAtOnce() throws {
    var line = arrivals(4)
    line[2].deadline = Deadline(at: .s(0.2))
    line[3].deadline = Deadline(at: .s(0.200_000_001))
    let ends = try play(line, .perSecond(10, burst: 1))
    let limited = RateLimited(limiter: "line", reason: .deadline, retryAt: .s(0.2), at: .s(0.002))
    #expect(ends == [.granted(.s(0)), .granted(.s(0.1)), .limited(limited, .s(0.002)), .granted(.s(0.2))])
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func row40_aGrantThatRacesACancellationIsNotLost(seed: UInt64) throws {
    // Cancelled at the very instants at which turns and permits come.
    var line = arrivals(6).map { Arrival(at: .zero, permits: $0.permits) }
    for index in 0..<6 where (seed >> index) & 1 == 1 {
      line[index].cancelAfter = .milliseconds(100 * Int(seed % 5))
    }
    let ends = try play(line, .perSecond(10, burst: 1), seed: seed)
    let grants = ends.compactMap { if case .granted(let at) = $0 { at } else { nil } }.sorted()
    for (earlier, later) in zip(grants, grants.dropFirst()) {
      // Whoever is left is served at the next beat: no permit was lost, none appeared.
      #expect(earlier.nanoseconds(to: later) == 100_000_000)
    }
    #expect(grants.count >= ends.indices.count { line[$0].cancelAfter == nil })
  }

  /// Waits behind somebody who is served late, such as one whose actor is busy.
  private struct LateClock: ResilienceClock {
    let base: any ResilienceClock
    let delay: Duration
    var now: Instant { base.now }
    var unixTime: UnixTime { base.unixTime }
    func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
      base.schedule(at: instant.advanced(by: delay), action)
    }
    func cancel(_ token: TimerToken) -> Bool { base.cancel(token) }
  }

  @Test func row38_aDeadlineEndsTheWaitAlsoBehindSomebodyWhoIsLate() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1), onEvent: { recorder.record($0) })
      _ = bucket.tryAcquire()
      let context = CallContext.current
      let late = CallEnvironment(
        clock: LateClock(base: context.clock, delay: .seconds(1)), random: SeededRandomSource(seed: 1),
        executor: context.executor)
      await withTaskGroup { group in
        group.addTask {
          _ = await CallContext.withEnvironment(late) { try? await bucket.acquire() }
          #expect(sim.now == .s(1.1))
        }
        group.addTask {
          try? await sim.sleep(for: .nanoseconds(1))
          // It was to come at 0.2 s; now it comes at 1.1 s.
          await #expect(
            throws: RateLimited(limiter: "line", reason: .deadline, retryAt: .s(0.5), at: .s(0.3))
          ) {
            try await bucket.acquire(deadline: Deadline(at: .s(0.3)))
          }
          #expect(sim.now == .s(0.3))
        }
        group.addTask {
          try? await sim.sleep(for: .nanoseconds(2))
          await #expect(throws: Never.self) { try await bucket.acquire(deadline: Deadline(at: .s(5))) }
          #expect(sim.now == .s(1.2))
        }
      }
      #expect(bucket.snapshot().waiting == 0)
    }
    #expect(
      recorder.events.map(\.name) == [
        "rate_limiter.queued", "rate_limiter.queued", "rate_limiter.queued", "rate_limiter.gave_up",
        "rate_limiter.granted",
        "rate_limiter.granted",
      ])
  }

  @Test func row38_aTurnThatComesAfterTheDeadlineTakesNothing() throws {
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1))
      _ = bucket.tryAcquire()
      let context = CallContext.current
      let late = CallEnvironment(
        clock: LateClock(base: context.clock, delay: .seconds(1)), random: SeededRandomSource(seed: 1),
        executor: context.executor)
      _ = await CallContext.withEnvironment(late) {
        await #expect(throws: RateLimited(limiter: "line", reason: .deadline, retryAt: .s(1.1), at: .s(1.1)))
        {
          try await bucket.acquire(deadline: Deadline(at: .s(0.5)))
        }
      }
      #expect(bucket.tryAcquire() == .acquired)
    }
  }

  @Test func row38_drainingEndsTheWaitsThatCannotEndInTime() throws {
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 4))
      _ = bucket.tryAcquire(4)
      await withTaskGroup { group in
        group.addTask {
          try? await bucket.acquire(4)
          #expect(sim.now == .s(0.7))
        }
        for (delay, deadline) in [(1, 0.6), (2, 1)] {
          group.addTask {
            try? await sim.sleep(for: .nanoseconds(delay))
            do {
              try await bucket.acquire(deadline: Deadline(at: .s(deadline)))
              #expect((deadline, sim.now) == (1, .s(0.8)))
            } catch {
              let late = RateLimited(limiter: "line", reason: .deadline, retryAt: .s(0.9), at: .s(0.35))
              #expect(error as? RateLimited == late)
              #expect((deadline, sim.now) == (0.6, .s(0.35)))
            }
          }
        }
        try? await sim.advance(by: .milliseconds(350))
        #expect(bucket.drain() == 3)
      }
    }
  }

  /// Every waiter is served when all before it have left and its permits are there; worked out without a
  /// queue.
  private func expectedEnds(_ arrivals: [Arrival], _ limit: RateLimit) -> [End] {
    var bucket = ReferenceBucket(limit, at: .s(0))
    var frontFreeAt = Instant.s(0)
    return arrivals.map { arrival in
      let arrivedAt = Instant.s(0).advanced(by: arrival.at)
      let frontAt = max(arrivedAt, frontFreeAt)
      let servedAt = bucket.earliest(arrival.permits, at: frontAt)
      let cancelledAt = arrival.cancelAfter.map { arrivedAt.advanced(by: $0) } ?? .ns(.max)
      frontFreeAt = max(frontFreeAt, min(servedAt, cancelledAt))
      guard servedAt < cancelledAt else { return .cancelled(cancelledAt) }
      let isTaken = bucket.take(arrival.permits, at: servedAt)
      #expect(isTaken)
      return .granted(servedAt)
    }
  }

  @Test(arguments: 1...60)
  func agreesWithTheReferenceOnRandomArrivalsAndCancellations(seed: UInt64) throws {
    let random = SeededRandomSource(seed: seed)
    var at = 0
    let line = (0..<60).map { _ in
      at += 2 * (1 + random.next(below: 100_000_000))
      // Odd, so that no cancellation falls on an instant at which something else happens.
      let cancelAfter = random.next(below: 3) == 0 ? 2 * random.next(below: 200_000_000) + 1 : nil
      return Arrival(
        at: .nanoseconds(at), permits: 1 + random.next(below: 4),
        cancelAfter: cancelAfter.map { .nanoseconds($0) })
    }
    let ends = try play(line, .perSecond(10, burst: 4), seed: seed)
    #expect(ends == expectedEnds(line, .perSecond(10, burst: 4)))
    #expect(ends.contains { if case .cancelled = $0 { true } else { false } })
  }

  @Test func tellsOfAWaitInOrder() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1), onEvent: { recorder.record($0) })
      try await bucket.acquire()
      try await bucket.acquire()
    }
    #expect(
      recorder.descriptions == [
        "rate_limiter.queued limiter=line permits=1 wait_seconds=0.1",
        "rate_limiter.granted limiter=line permits=1",
      ])
  }
}
