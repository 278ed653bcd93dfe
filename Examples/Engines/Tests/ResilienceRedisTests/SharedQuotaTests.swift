import Foundation
import Resilience
import Testing

@testable import ResilienceRedis

extension RedisTests {
  @Suite(.timeLimit(.minutes(1))) struct SharedQuotaTests {
    @Test func processesCountTogether() async throws {
      try await RedisServer.with { (server) async throws in
        let clients = (0..<2).map { _ in RedisClient(port: server.port) }
        defer { for client in clients { client.close() } }
        let quotas = clients.map {
          SharedQuota("a", quotas: [.perHour(50), Quota(60, each: .month)], on: $0)
        }
        let count = try await withThrowingTaskGroup { tasks in
          for number in 0..<200 {
            tasks.addTask { try await quotas[number % 2].tryAcquire() == .acquired ? 1 : 0 }
          }
          return try await tasks.reduce(0, +)
        }
        #expect(count == 50)
        #expect(try await quotas[0].tryAcquire(for: "another") == .acquired)
        guard case .refused(let retryAt?) = try await quotas[1].tryAcquire() else {
          Issue.record("it is not refused")
          return
        }
        let wait = CallContext.current.readClock().duration(to: retryAt)
        #expect(wait > .seconds(3590) && wait < .seconds(3700))
        #expect(try await quotas[1].tryAcquire(51) == .impossible)
        #expect(try await quotas[1].tryAcquire(0) == .acquired)
      }
    }

    @Test func aPermitComesBackAPeriodLater() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let quota = SharedQuota("a", quotas: [Quota(3, per: .milliseconds(640))], on: redis)
        let begin = CallContext.current.readClock()
        #expect(try await quota.tryAcquire(3) == .acquired)
        guard case .refused(let retryAt?) = try await quota.tryAcquire() else {
          Issue.record("it is not refused")
          return
        }
        #expect(begin.duration(to: retryAt) > .milliseconds(630))
        let now = CallContext.current.readClock()
        #expect(now.duration(to: retryAt) < .milliseconds(700))
        try await CallContext.current.clock.sleep(until: retryAt)
        #expect(try await quota.tryAcquire(3) == .acquired)
      }
    }

    @Test func ofEveryQuotaOrOfNone() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let both = SharedQuota("a", quotas: [.perHour(10), .perDay(100)], on: redis)
        let day = SharedQuota("a", quotas: [.perDay(100)], on: redis)
        #expect(try await both.tryAcquire(10) == .acquired)
        for _ in 0..<5 { #expect(try await both.tryAcquire(10) != .acquired) }
        // What the hour refused the day does not count.
        #expect(try await day.tryAcquire(90) == .acquired)
        #expect(try await day.tryAcquire() != .acquired)
        let call = ServiceCall { (name: String) in name }.rateLimit(both, key: { $0 })
        #expect(try await call("b") == "b")
      }
    }

    @Test func nothingPassesWhileRedisIsAway() async throws {
      let quota = SharedQuota(
        "a", quotas: [.perHour(10)], on: RedisClient(port: try await RedisServer.freePort()))
      await #expect(throws: RedisError.self) { try await quota.run {} }
    }

    @Test func aMonthIsThatOfTheCalendar() async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port)
        defer { redis.close() }
        let script = RedisScript(
          RedisScript.monthFunction + "\nlocal a, b = month(tonumber(ARGV[1]))\nreturn {a, b}")
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for day in stride(from: -400, through: 60_000, by: 13) {
          let date = Date(timeIntervalSince1970: Double(day) * 86_400)
          let month = try #require(calendar.dateInterval(of: .month, for: date))
          let reply = try await redis.reply(to: script, keys: [], [.integer(Int64(day))])
          #expect(
            reply
              == .array([
                .integer(Int64(month.start.timeIntervalSince1970 / 86_400)),
                .integer(Int64(month.end.timeIntervalSince1970 / 86_400)),
              ]), "day \(day)")
        }
      }
    }
  }
}
