import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceRedis

extension RedisTests {
  @Suite(.timeLimit(.minutes(2))) struct SharedRateLimiterTests {
    private func acquired(_ limiter: SharedRateLimiter, _ permits: Int = 1) async throws -> Bool {
      // A process asks again after a while: nothing is left once it was refused for a second.
      for _ in 0..<12 {
        switch try await limiter.tryAcquire(permits) {
        case .acquired: return true
        case .impossible: return false
        case .refused: try await Task.sleep(for: .milliseconds(10))
        }
      }
      return false
    }

    @Test func whatIsLeasedCountsAgainstTheBurst() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let limit = RateLimit.perHour(1, burst: 100)
        let limiters = (0..<3).map { _ in SharedRateLimiter("a", limit: limit, on: redis, processes: 2) }
        var total = 0
        // Whoever leases keeps some of it: all three at once, until nobody gets any.
        try await withThrowingTaskGroup { tasks in
          for limiter in limiters {
            tasks.addTask {
              var count = 0
              while try await acquired(limiter) { count += 1 }
              return count
            }
          }
          for try await count in tasks { total += count }
        }
        #expect(total == 100)
        #expect(limiters.reduce(0) { $0 + $1.snapshot().roundTrips } < 100)
        guard case .refused(let retryAt?) = try await limiters[0].tryAcquire() else {
          Issue.record("there is a permit")
          return
        }
        #expect(retryAt > CallContext.current.readClock())
      }
    }

    /// The script itself, with leases that last long enough for a slow machine.
    @Test func theBucketFillsOnlyUpToWhatIsNotLeased() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { redis.close() }
        func lease(
          _ holder: String, _ number: Int, used: Int, need: Int, want: Int
        ) async throws -> LeaseGrant {
          try await self.lease(
            redis, holder, number, used: used, need: need, want: want, lifetime: 60_000_000)
        }
        #expect(try await lease("a", 0, used: 0, need: 1, want: 40).permits == 40)
        // The bucket has been full since then, but for what is leased.
        try await Task.sleep(for: .milliseconds(150))
        #expect(try await lease("b", 0, used: 0, need: 61, want: 61).permits == 0)
        #expect(try await lease("b", 0, used: 0, need: 60, want: 60).permits == 60)
        // What comes back unused is there at once; what was used is not, and the rest of b's lease neither.
        #expect(try await lease("a", 1, used: 10, need: 1, want: 0).permits == 0)
        #expect(try await lease("c", 0, used: 0, need: 41, want: 41).permits == 0)
        try await Task.sleep(for: .milliseconds(150))
        #expect(try await lease("c", 0, used: 0, need: 41, want: 41).permits == 0)
        #expect(try await lease("c", 0, used: 0, need: 40, want: 40).permits == 40)
        // Of a lease whose answer was lost the holder does not know: it is taken for used.
        #expect(try await lease("b", 0, used: 0, need: 60, want: 60).permits == 0)
        try await Task.sleep(for: .milliseconds(150))
        #expect(try await lease("b", 0, used: 0, need: 61, want: 61).permits == 0)
        #expect(try await lease("b", 0, used: 0, need: 60, want: 60).permits == 60)
      }
    }

    /// 1000 a second with a burst of 100; the lifetime is in microseconds.
    private func lease(
      _ redis: RedisClient, _ holder: String, _ number: Int, used: Int, need: Int, want: Int, lifetime: Int64
    ) async throws -> LeaseGrant {
      let numbers = [number, used, need, want].map { RESPCommand.Argument.integer(Int64($0)) }
      let reply = try await redis.reply(
        to: .lease, keys: ["limit"],
        [.integer(1000), .integer(1_000_000), .integer(100), .text(holder)] + numbers + [.integer(lifetime)])
      return try LeaseGrant(reply, want: want)
    }

    @Test func whatADeadProcessHadLeasedComesBackAfterTheLease() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { redis.close() }
        let dead = try await lease(redis, "a", 0, used: 0, need: 40, want: 40, lifetime: 300_000)
        #expect(dead.permits == 40)
        let refused = try await lease(redis, "b", 0, used: 0, need: 100, want: 100, lifetime: 300_000)
        #expect(refused.permits == 0)
        try await Task.sleep(for: .nanoseconds(refused.waitNanoseconds) + .milliseconds(150))
        let granted = try await lease(redis, "b", 0, used: 0, need: 100, want: 100, lifetime: 300_000)
        #expect(granted.permits == 100)
      }
    }

    @Test func whatIsGivenBackIsThereForOthers() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let limit = RateLimit.perHour(1, burst: 40)
        let (first, second) = (
          SharedRateLimiter("a", limit: limit, on: redis, processes: 1),
          SharedRateLimiter("a", limit: limit, on: redis, processes: 1)
        )
        var taken = 0
        while taken < 20, first.snapshot().leased < 2 {
          #expect(try await first.tryAcquire() == .acquired)
          taken += 1
        }
        #expect(first.snapshot().leased >= 2)
        await first.returnLease()
        #expect(first.snapshot().leased == 0)
        #expect(try await second.tryAcquire(40 - taken) == .acquired)
        #expect(try await second.tryAcquire(1) != .acquired)
      }
    }

    @Test func manyPermitsAtOnceAndImpossibleOnes() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let limiter = SharedRateLimiter("a", limit: .perHour(60, burst: 10), on: redis, processes: 4)
        #expect(try await limiter.tryAcquire(0) == .acquired)
        #expect(try await limiter.tryAcquire(-1) == .impossible)
        #expect(try await limiter.tryAcquire(11) == .impossible)
        #expect(try await limiter.tryAcquire(8) == .acquired)
        #expect(try await limiter.tryAcquire(8) != .acquired)
        await #expect(throws: RateLimited.self) {
          try await limiter.acquire(8, deadline: Deadline(at: CallContext.current.readClock()))
        }
        #expect(limiter.snapshot().refused == 2)
        let closed = SharedRateLimiter("b", limit: RateLimit(0, per: .seconds(1)), on: redis, processes: 1)
        #expect(try await closed.tryAcquire() == .refused(retryAt: nil))
      }
    }

    @Test func whoeverWaitsGetsAPermit() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let limiter = SharedRateLimiter("a", limit: .perSecond(100, burst: 5), on: redis, processes: 1)
        let call = ServiceCall { (number: Int) in number }.rateLimit(limiter, mode: .wait)
        let begin = ContinuousClock.now
        let sum = try await withThrowingTaskGroup { tasks in
          for number in 0..<30 { tasks.addTask { try await call(number) } }
          return try await tasks.reduce(0, +)
        }
        #expect(sum == 435)
        // They looked again and again, and nobody was refused.
        #expect(limiter.snapshot().refused == 0 && limiter.snapshot().acquired == 30)
        #expect(ContinuousClock.now - begin > .milliseconds(200))
        #expect("\(call.layers[0])".contains("shared rate limit"))
      }
    }

    @Test func itGoesOnAloneWhileRedisIsAway() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let events = Events()
        let limiter = SharedRateLimiter(
          "a", limit: .perHour(1, burst: 1000), on: redis, processes: 2, fallback: .perHour(1, burst: 7),
          onEvent: { events.add($0.kind) })
        #expect(try await limiter.tryAcquire(10) == .acquired)
        server.kill()
        var count = 0
        for _ in 0..<100 where try await limiter.tryAcquire() == .acquired { count += 1 }
        #expect(count == 7)
        let away = limiter.snapshot()
        #expect(away.isAway && away.acquiredAlone == 7)
        // More than the fallback ever has: Redis may be back, so it is no impossible number.
        if case .impossible = try await limiter.tryAcquire(10) { Issue.record("it is impossible") }
        try await server.start()
        #expect(try await acquiredLater(limiter, 900))
        #expect(!limiter.snapshot().isAway)
        let kinds = events.all
        #expect(kinds.count == 2 && kinds.last == .back)
      }
    }

    @Test func noCallWaitsForARedisThatSaysNothing() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let limiter = SharedRateLimiter(
          "a", limit: .perSecond(1000), on: redis, processes: 1, fallback: .perHour(1, burst: 50),
          timeLimit: .milliseconds(100))
        #expect(try await limiter.tryAcquire() == .acquired)
        server.pause()
        let longest = try await withThrowingTaskGroup { tasks in
          for _ in 0..<50 {
            tasks.addTask {
              let begin = ContinuousClock.now
              _ = try await limiter.tryAcquire(5)
              return ContinuousClock.now - begin
            }
          }
          return try await tasks.reduce(Duration.zero) { max($0, $1) }
        }
        #expect(longest < .seconds(1))
        // The next ones do not wait at all, also those that ask whether Redis is back.
        let begin = ContinuousClock.now
        for _ in 0..<200 { _ = try await limiter.tryAcquire() }
        #expect(ContinuousClock.now - begin < .milliseconds(500))
        let cancelled = Task { try await limiter.acquire(40) }
        cancelled.cancel()
        await #expect(throws: (any Error).self) { try await cancelled.value }
        server.goOn()
        #expect(try await acquiredLater(limiter, 1))
      }
    }

    @Test func fourProcessesKeepWithinTheBound() async throws { try await runLoad(["--seconds", "3"]) }

    @Test func fourProcessesKeepWithinTheBoundOfAnOutage() async throws {
      try await runLoad(["--seconds", "4.5", "--outage"])
    }

    /// Until it is back, within ten seconds.
    private func acquiredLater(_ limiter: SharedRateLimiter, _ permits: Int) async throws -> Bool {
      for _ in 0..<500 {
        if try await limiter.tryAcquire(permits) == .acquired, !limiter.snapshot().isAway { return true }
        try await Task.sleep(for: .milliseconds(20))
      }
      return false
    }

    private func runLoad(_ arguments: [String]) async throws {
      let process = Process()
      process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appending(path: "redis-load")
      process.arguments = ["limit"] + arguments
      let output = URL(filePath: NSTemporaryDirectory()).appending(path: "load-\(UUID().uuidString)")
      try Data().write(to: output)
      defer { try? FileManager.default.removeItem(at: output) }
      process.standardOutput = try FileHandle(forWritingTo: output)
      try process.run()
      while process.isRunning { try await Task.sleep(for: .milliseconds(100)) }
      let text = try String(contentsOf: output, encoding: .utf8)
      #expect(process.terminationStatus == 0, "\(text)")
      #expect(text.contains("beyond the rate"), "\(text)")
    }
  }
}

private final class Events: Sendable {
  private let kinds = Mutex<[SharedRateLimiterEvent.Kind]>([])

  var all: [SharedRateLimiterEvent.Kind] { kinds.withLock { $0 } }

  func add(_ kind: SharedRateLimiterEvent.Kind) { kinds.withLock { $0.append(kind) } }
}
