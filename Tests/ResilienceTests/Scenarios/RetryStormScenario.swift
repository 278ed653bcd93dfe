import Resilience
import ResilienceTestKit
import Testing

/// **A retry storm after an outage.**
///
/// A server that can do 100 calls a second is asked for 80, and takes twenty times as long for ten seconds.
/// Callers wait a second and make up to four attempts. While it is slow every caller turns into four; when it
/// is well again, it works through a queue of calls whose callers have left, and each of those comes again.
/// Nothing is wrong any more, and it never recovers.
///
/// Two habits break the circle, and the toolkit has both by default: retries come out of a budget that only
/// original calls fill, and work whose deadline has passed is dropped before it begins.
@Suite struct RetryStormScenario {
  private struct Result {
    /// Calls that were made, in each second.
    var original: [Int]
    /// Calls answered in time, in each second.
    var goodput: [Int]
    /// Attempts that reached the server, in each second.
    var offered: [Int]
  }

  private static let seconds = 45

  private static let policy = RetryPolicy(maxAttempts: 4)

  private static func play(
    dropsExpiredWork: Bool, seed: UInt64,
    _ retried: (TimeoutHandler<SimulatedService<Void, Void>>) -> some Handler<Void, Void>
  ) throws -> Result {
    let server = SimulatedService<Void, Void>(
      "server", workers: 10, queueLimit: 2000, latency: .constant(.milliseconds(100)),
      faults: [.slow(by: 20, during: .seconds(10) ..< .seconds(20))], dropsExpiredWork: dropsExpiredWork
    ) {}
    let call = retried(server.timeout(.seconds(1)))
    return try Simulation(seed: seed).run { simulation in
      let made = Log<Void>()
      return await withTaskGroup { group in
        group.addTask {
          await withDiscardingTaskGroup { callers in
            for _ in 0..<(80 * seconds) {
              callers.addTask {
                made.append(())
                try? await call()
              }
              try? await simulation.sleep(for: .microseconds(12_500))
            }
          }
        }
        var totals = [(original: 0, goodput: 0, offered: 0)]
        for _ in 0..<seconds {
          try? await simulation.sleep(for: .seconds(1))
          let snapshot = server.snapshot()
          totals.append((made.entries.count, snapshot.completedInTime, snapshot.offered))
        }
        group.cancelAll()
        let pairs = Array(zip(totals.dropFirst(), totals))
        return Result(
          original: pairs.map { $0.original - $1.original }, goodput: pairs.map { $0.goodput - $1.goodput },
          offered: pairs.map { $0.offered - $1.offered })
      }
    }
  }

  @Test(arguments: [1, 2] as [UInt64])
  func withoutBudgetAndWithExpiredWorkKeptItNeverRecovers(seed: UInt64) throws {
    let result = try Self.play(dropsExpiredWork: false, seed: seed) { $0.retry(Self.policy, budget: nil) }
    #expect(result.goodput[2..<10].allSatisfy { $0 >= 75 }, "was not well before: \(result.goodput)")
    #expect(result.goodput[25...].allSatisfy { $0 == 0 }, "recovered: \(result.goodput)")
  }

  /// Nothing is set but the number of attempts; the server looks at the deadline that comes with the call.
  @Test(arguments: 1...3 as ClosedRange<UInt64>)
  func withTheDefaultsItIsBackWithinTwoSecondsAndNeverOffersMoreThan115Percent(seed: UInt64) throws {
    let result = try Self.play(dropsExpiredWork: true, seed: seed) { $0.retry(Self.policy) }
    #expect(result.goodput[12..<19].allSatisfy { $0 < 40 }, "there was no outage: \(result.goodput)")
    #expect(result.goodput[22...].allSatisfy { $0 >= 79 }, "is not back within 2 s: \(result.goodput)")
    for (offered, original) in zip(result.offered, result.original) {
      #expect(Double(offered) <= 1.15 * Double(original), "\(result.offered) of \(result.original)")
    }
    #expect(result.offered.reduce(0, +) > result.original.reduce(0, +), "nothing was retried")
  }
}
