import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

@Suite struct TokenBucketInterleavingTests {
  private final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add(_ number: Int) { count.wrappingAdd(number, ordering: .relaxed) }
  }

  /// Three wait behind an empty bucket, one is cancelled at the instant at which `beat` permits have come
  /// back: in every order of the steps the others are served in the order of arrival, one at each beat.
  @Test(arguments: [0, 1, 2], [0, 1, 2])
  func row40_cancellingHeadMiddleOrTailInEveryOrderLosesNothing(victim: Int, beat: Int) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1))
      _ = bucket.tryAcquire()
      let served = Log<(Int, Instant)>()
      await withTaskGroup { group in
        for waiter in 0..<3 {
          group.addTask {
            if waiter == victim {
              _ = try? await cancelling(after: .milliseconds(100 * beat), sim) { try await wait(waiter) }
            } else {
              try? await wait(waiter)
            }
          }
        }
        @Sendable func wait(_ waiter: Int) async throws {
          try await bucket.acquire()
          served.append((waiter, sim.now))
        }
      }
      let instants = served.entries.map(\.1)
      let expected = served.entries.indices.map { Instant.s(0.1 * Double($0 + 1)) }
      try sim.require(instants == expected, "served at \(instants)")
      try sim.require(Set(served.entries.map(\.0)).union([victim]).count == 3, "somebody was forgotten")
      let snapshot = bucket.snapshot()
      try sim.require(snapshot.waiting == 0, "\(snapshot.waiting) still wait")
      try sim.require(snapshot.acquired == 1 + served.entries.count, "\(snapshot.acquired) acquired")
      try sim.require(
        bucket.tryAcquire(at: sim.now.advanced(by: .milliseconds(100))) == .acquired, "a permit was lost")
    }
    #expect(exploration.isComplete)
  }

  @Test func row40_aNewcomerNeverOvertakesInAnyOrder() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let bucket = TokenBucket("line", limit: .perSecond(10, burst: 1))
      _ = bucket.tryAcquire()
      let waiting = Counter()
      try await withThrowingTaskGroup { group in
        group.addTask {
          waiting.add(1)
          try await bucket.acquire()
          waiting.add(-1)
        }
        group.addTask {
          try await sim.sleep(for: .milliseconds(100))
          let wereWaiting = bucket.snapshot().waiting
          if bucket.tryAcquire() == .acquired { try sim.require(wereWaiting == 0, "overtook somebody") }
        }
        try await group.waitForAll()
      }
      try sim.require(waiting.value == 0, "somebody still waits")
    }
    #expect(exploration.isComplete)
  }

  /// Counts what is scheduled and has neither run nor been cancelled.
  private final class CountingClock: ResilienceClock {
    private let base: any ResilienceClock
    let timers = Atomic(0)
    init(_ base: any ResilienceClock) { self.base = base }

    var now: Instant { base.now }
    var unixTime: UnixTime { base.unixTime }
    func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
      timers.wrappingAdd(1, ordering: .relaxed)
      return base.schedule(at: instant) {
        self.timers.wrappingSubtract(1, ordering: .relaxed)
        action()
      }
    }
    func cancel(_ token: TimerToken) -> Bool {
      guard base.cancel(token) else { return false }
      timers.wrappingSubtract(1, ordering: .relaxed)
      return true
    }
  }

  @Test func row57_aWaitIsCancellableAndLeavesNoTimer() throws {
    try Simulation(seed: 1).run { sim in
      let context = CallContext.current
      let clock = CountingClock(context.clock)
      let environment = CallEnvironment(
        clock: clock, random: SeededRandomSource(seed: 1), executor: context.executor)
      await CallContext.withEnvironment(environment) {
        let bucket = TokenBucket("line", limit: .perHour(1, burst: 1))
        _ = bucket.tryAcquire()
        await withTaskGroup { group in
          for _ in 0..<5 { group.addTask { try? await bucket.acquire() } }
          try? await sim.advance(by: .seconds(1))
          // Only the first in the queue has one.
          #expect(clock.timers.load(ordering: .relaxed) == 1)
          group.cancelAll()
        }
        #expect(sim.now == .s(1))
        #expect(clock.timers.load(ordering: .relaxed) == 0)
        #expect(bucket.snapshot().waiting == 0)
      }
    }
  }

  /// With real threads, for ThreadSanitizer: whatever closes and opens the lock-free bucket, the permits stay
  /// as many.
  @Test func threadsShareExactlyTheBurstWhateverElseHappens() async {
    let burst = 20_000
    let bucket = TokenBucket("threads", limit: .perHour(1, burst: burst))
    let acquired = Counter()
    await withTaskGroup { group in
      for _ in 0..<3 {
        group.addTask { @concurrent in
          for _ in 0..<5000 where bucket.tryAcquire(at: .s(0)) == .acquired {
            acquired.add(1)
          }
        }
      }
      group.addTask { @concurrent in
        for turn in 0..<500 {
          let reservation = try? bucket.reserve(3, at: .s(0))
          if turn % 2 == 0, reservation?.cancel(at: .s(0)) == true { continue }
          if reservation != nil { acquired.add(3) }
        }
      }
      group.addTask { @concurrent in
        for turn in 0..<500 {
          bucket.update(.perHour(1 + turn % 2, burst: burst), at: .s(0))
          _ = bucket.snapshot(at: .s(0))
        }
      }
      await group.waitForAll()
    }
    let snapshot = bucket.snapshot(at: .s(0))
    #expect(snapshot.acquired == acquired.value)
    #expect(snapshot.available == burst - snapshot.acquired)
    #expect(bucket.drain(at: .s(0)) == burst - snapshot.acquired)
  }

  @Test func threadsThatWaitAndGiveUpLoseNothing() async {
    let bucket = TokenBucket("threads", limit: .perSecond(100_000, burst: 1), maxWaiting: .max)
    let acquired = Counter()
    await withTaskGroup { group in
      for task in 0..<60 {
        group.addTask { @concurrent in
          await withTaskGroup { inner in
            inner.addTask { @concurrent in
              for _ in 0..<10 {
                guard (try? await bucket.acquire()) != nil else { return }
                acquired.add(1)
              }
            }
            if task % 3 == 0 { inner.cancelAll() }
          }
        }
      }
      await group.waitForAll()
    }
    let snapshot = bucket.snapshot()
    #expect(snapshot.waiting == 0)
    #expect(snapshot.acquired == acquired.value)
    #expect(snapshot.acquired >= 400)
  }
}
