import Foundation
import NIOCore
import Resilience
import Testing

@testable import ResilienceRedis

/// What is stored is from a time when Redis' clock was an hour ahead.
extension RedisTests {
  @Suite(.timeLimit(.minutes(1))) struct ClockStepTests {
    private func inAnHour(_ redis: RedisClient) async throws -> Int64 {
      let time = try await redis.reply(to: RESPCommand("TIME")).items("the time", atLeast: 2)
      return try time[0].integer("the seconds") * 1_000_000 + time[1].integer("the rest") + 3_600_000_000
    }

    @Test func aLimitGoesOnAfterTheClockWasSetBack() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { redis.close() }
        let later = try await inAnHour(redis)
        _ = try await redis.reply(
          to: RESPCommand("HSET", ["limit", "full", .integer(later), "dead", .text("1:40:\(later)")]))
        var granted = 0
        // 1000 a second with a burst of 100, and leases of 300 ms.
        for number in 0..<20 where granted < 100 {
          let reply = try await redis.reply(
            to: .lease, keys: ["limit"],
            [1000, 1_000_000, 100].map { .integer($0) } + ["b", .integer(Int64(number))]
              + [0, 100, 100, 300_000].map { .integer($0) })
          let grant = try LeaseGrant(reply, want: 100)
          granted = grant.permits
          #expect(grant.waitNanoseconds < 1_000_000_000)
          if granted == 0 { try await Task.sleep(for: .nanoseconds(min(grant.waitNanoseconds, 500_000_000))) }
        }
        #expect(granted == 100)
      }
    }

    @Test func aQuotaGoesOnAfterTheClockWasSetBack() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { redis.close() }
        let quota = SharedQuota("a", quotas: [Quota(3, per: .milliseconds(640))], on: redis)
        let later = try await inAnHour(redis)
        _ = try await redis.reply(
          to: RESPCommand(
            "HSET",
            [
              "resilience:quota:a:", "now", .integer(later), .text("any 640000:\(later / 10_000)"), "3",
            ]))
        // What was taken then counts as taken now.
        guard case .refused(let retryAt?) = try await quota.tryAcquire() else {
          Issue.record("it is not refused")
          return
        }
        #expect(CallContext.current.readClock().duration(to: retryAt) < .seconds(1))
        // The refusal has moved it: it comes back a period later.
        var isAcquired = false
        for _ in 0..<100 where !isAcquired {
          try await Task.sleep(for: .milliseconds(20))
          isAcquired = try await quota.tryAcquire(3) == .acquired
        }
        #expect(isAcquired)
        #expect(try await quota.tryAcquire() != .acquired)
      }
    }
  }
}

@Suite struct LeaseStateTests {
  @Test func whoeverIsRefusedAsksAgainWhenLeasesAreOver() {
    var state = LeaseState(
      LeasePolicy(maxLease: 10, intervalNanoseconds: 100_000_000, lifetimeNanoseconds: 1_000_000_000))
    let begin = Instant(nanoseconds: 5_000_000_000)
    guard case .ask(let request) = state.take(1, at: begin) else {
      Issue.record("nobody asks")
      return
    }
    let grant = LeaseGrant(permits: 0, waitNanoseconds: 3_600_000_000_000)
    state.answered(grant, to: request, sentAt: begin, at: begin)
    let end = begin.advanced(by: .seconds(1))
    guard case .refused(retryAt: end) = state.take(1, at: begin.advanced(by: .milliseconds(900))) else {
      Issue.record("it is not refused")
      return
    }
    guard case .ask = state.take(1, at: end) else {
      Issue.record("nobody asks")
      return
    }
  }

  @Test func noMoreCallsWaitForAnAnswerThanMay() async throws {
    try await FakeServer.with({ _ in [] }) { server in
      let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
      defer { redis.close() }
      let limiter = SharedRateLimiter(
        "a", limit: .perSecond(1000), on: redis, processes: 1, timeLimit: .milliseconds(500), maxWaiting: 3)
      let reasons = await withTaskGroup { tasks in
        for _ in 0..<10 {
          tasks.addTask {
            do {
              try await limiter.acquire()
              return nil as RateLimited.Reason?
            } catch {
              return (error as? RateLimited)?.reason
            }
          }
        }
        return await tasks.reduce(into: []) { $0.append($1) }
      }
      // One asks, and two wait with it; then they go on alone.
      #expect(reasons.count { $0 == .queueFull } == 7)
      #expect(reasons.count { $0 == nil } == 3)
    }
  }
}
