import ResilienceCore
import ResilienceTestKit
import Testing

/// A retry storm that outlives its cause: a service that can do 200 calls a second is asked for 140, and is
/// slow for ten seconds. Callers give up after half a second. Nothing but their retries and the work done for
/// those that have left keeps it busy afterwards: it does not recover, though nothing is wrong with it any
/// more.
@Suite struct RetryStormTests {
  private struct TimedOut: Error {}
  private static let patience = Duration.milliseconds(500)

  /// Calls answered in time, in each second of a minute; slow from second 10 to second 20.
  private static func goodput(attempts: Int, dropsExpiredWork: Bool) throws -> [Int] {
    try Simulation(seed: 1).run { sim in
      let service = SimulatedService<Void, Void>(
        "inventory", workers: 2, queueLimit: 200, latency: .exponential(mean: .milliseconds(10)),
        faults: [.slow(by: 20, during: .seconds(10) ..< .seconds(20))], dropsExpiredWork: dropsExpiredWork
      ) {}
      return await withTaskGroup { customers in
        let gap = LatencyDistribution.exponential(mean: .seconds(1) / 140)
        customers.addTask {
          await withDiscardingTaskGroup { calls in
            while sim.now < Instant(nanoseconds: 60_000_000_000) {
              calls.addTask { await persist(attempts) { try await attempt(service, sim) } }
              try? await sim.sleep(for: gap.sample(draw: CallContext.current.random()))
            }
          }
        }
        var totals = [0]
        for _ in 0..<60 {
          try? await sim.sleep(for: .seconds(1))
          totals.append(service.snapshot().completedInTime)
        }
        return zip(totals.dropFirst(), totals).map(-)
      }
    }
  }

  /// What people write: try again, at once, a few times.
  private static func persist(_ attempts: Int, _ call: () async throws -> Void) async {
    for _ in 0..<attempts where (try? await call()) != nil { return }
  }

  private static func attempt(_ service: SimulatedService<Void, Void>, _ sim: Simulation) async throws {
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: sim.now.advanced(by: patience)))
    let call = context
    try await withThrowingTaskGroup { race in
      race.addTask { try await service.handle((), context: call) }
      race.addTask {
        try await sim.sleep(for: patience)
        throw TimedOut()
      }
      try await race.next()
      race.cancelAll()
    }
  }

  @Test func naiveRetriesAndWorkForNobodyKeepItDown() throws {
    let goodput = try Self.goodput(attempts: 4, dropsExpiredWork: false)
    #expect(goodput[0..<10].allSatisfy { $0 > 100 }, "was not well before: \(goodput)")
    #expect(goodput[22...].reduce(0, +) < 38 * 140 / 20, "recovered: \(goodput)")
  }

  @Test func withoutRetriesAndWithExpiredWorkDroppedItRecovers() throws {
    let goodput = try Self.goodput(attempts: 1, dropsExpiredWork: true)
    #expect(goodput[10..<20].allSatisfy { $0 < 40 }, "there was no outage: \(goodput)")
    #expect(goodput[22...].allSatisfy { $0 > 100 }, "did not recover within 2 s: \(goodput)")
  }

  @Test(arguments: [(1, false), (4, true)])
  func eachOfTheTwoAloneRecoversWithinFiveSeconds(attempts: Int, dropsExpiredWork: Bool) throws {
    let goodput = try Self.goodput(attempts: attempts, dropsExpiredWork: dropsExpiredWork)
    #expect(goodput[25...].allSatisfy { $0 > 100 }, "did not recover: \(goodput)")
  }
}
