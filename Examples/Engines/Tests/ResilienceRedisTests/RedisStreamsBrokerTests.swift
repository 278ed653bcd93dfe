import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceRedis

/// Against a real Redis; skipped where there is none.
@Suite(
  .enabled(if: RedisServer.executable != nil, "there is no Redis: apt-get install redis-server"),
  .timeLimit(.minutes(5)))
struct RedisStreamsBrokerTests {
  private static let policy = BrokerPolicy(session: .seconds(2))

  @Test func keepsThePromisesOfABroker() async throws {
    try await RedisServer.with { (server) async throws in
      let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
      defer { redis.close() }
      #expect(EventBrokerContract.cases.count >= 40)
      try await withThrowingTaskGroup { tasks in
        // All at once: each has groups and types of its own, and the others are users that it must not mind.
        for promise in EventBrokerContract.cases {
          tasks.addTask {
            do {
              try await promise.run(RedisStreamsBroker(redis, policy: Self.policy))
            } catch {
              Issue.record("\(promise): \(error)")
            }
          }
        }
        try await tasks.waitForAll()
      }
    }
  }
}
