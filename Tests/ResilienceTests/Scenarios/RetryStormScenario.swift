import Resilience
import ResilienceTestKit
import Testing

/// **A retry storm after an outage.**
///
/// A server that can do 100 calls a second is asked for 80, and takes twenty times as long for ten seconds. Callers wait a second and make up to
/// four attempts. While it is slow every caller turns into four; when it is well again, it works through a queue of calls
/// whose callers have left, and each of those comes again. Nothing is wrong any more, and it never recovers.
///
/// Two habits break the circle, and the toolkit has both by default: retries come out of a budget that only original calls
/// fill, and work whose deadline has passed is dropped before it begins.
@Suite struct RetryStormScenario {
  private struct Result {
    /// Calls answered in time, in each second.
    var goodput: [Int]
    /// Calls that reached the server, in each second.
    var offered: [Int]
  }

  private static let seconds = 60

  private static func play(budget: RetryBudget?, dropsExpiredWork: Bool, seed: UInt64) throws -> Result {
    try Simulation(seed: seed).run { simulation in
      let server = SimulatedService<Void, Void>(
        "server", workers: 10, queueLimit: 2000, latency: .constant(.milliseconds(100)),
        faults: [.slow(by: 20, during: .seconds(10) ..< .seconds(20))], dropsExpiredWork: dropsExpiredWork
      ) {}
      let call = server.timeout(.seconds(1)).retry(
        RetryPolicy(maxAttempts: 4, backoff: .exponential(base: .milliseconds(50))), budget: budget)
      return await withTaskGroup { group in
        group.addTask {
          await withDiscardingTaskGroup { callers in
            for _ in 0..<(80 * seconds) {
              callers.addTask { try? await call() }
              try? await simulation.sleep(for: .microseconds(12_500))
            }
          }
        }
        var totals = [(goodput: 0, offered: 0)]
        for _ in 0..<seconds {
          try? await simulation.sleep(for: .seconds(1))
          let snapshot = server.snapshot()
          totals.append((snapshot.completedInTime, snapshot.offered))
        }
        group.cancelAll()
        let pairs = zip(totals.dropFirst(), totals)
        return Result(
          goodput: pairs.map { $0.goodput - $1.goodput }, offered: pairs.map { $0.offered - $1.offered })
      }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func withoutBudgetAndWithExpiredWorkKeptItNeverRecovers(seed: UInt64) throws {
    let result = try Self.play(budget: nil, dropsExpiredWork: false, seed: seed)
    #expect(result.goodput[2..<10].allSatisfy { $0 >= 75 }, "was not well before: \(result.goodput)")
    #expect(result.goodput[25...].allSatisfy { $0 == 0 }, "recovered: \(result.goodput)")
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func withBudgetAndExpiredWorkDroppedItIsBackWithinASecond(seed: UInt64) throws {
    let result = try Self.play(budget: RetryBudget(), dropsExpiredWork: true, seed: seed)
    #expect(result.goodput[12..<19].allSatisfy { $0 < 40 }, "there was no outage: \(result.goodput)")
    #expect(result.goodput[21...].allSatisfy { $0 >= 75 }, "is not back: \(result.goodput)")
    // A tenth of the calls, and once the ten retries that a quiet budget has saved up.
    #expect(result.offered.allSatisfy { $0 <= 81 + 8 + 10 }, "more than the budget allows: \(result.offered)")
    let offeredMeanwhile = result.offered[10..<20].reduce(0, +)
    #expect(offeredMeanwhile <= 920, "more than 1.15 times the 800 original calls")
  }
}
