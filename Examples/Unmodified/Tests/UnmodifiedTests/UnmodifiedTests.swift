import Logging
import ResilienceTestKit
import ServiceLifecycle
import Testing
import Warehouse

/// The warehouse with each of a thousand seeds, and a thousand times with one.
@Suite struct UnmodifiedTests {
  private static func halfAMinute(seed: UInt64) throws -> String {
    try Simulation(seed: seed).run { _ in
      let warehouse = Warehouse()
      try await warehouse.open(for: .seconds(30))
      return await warehouse.journal
    }
  }

  @Test func aThousandRunsOfOneSeedAreAlikeToTheByte() throws {
    let first = try Self.halfAMinute(seed: 7)
    #expect(first.split(separator: "\n").count > 25, "the warehouse is trivial:\n\(first)")
    for run in 2...1000 {
      let journal = try Self.halfAMinute(seed: 7)
      guard journal.utf8.elementsEqual(first.utf8) else {
        Issue.record("run \(run) differs:\n\(journal)\n\nfrom the first:\n\(first)")
        return
      }
    }
  }

  @Test func eachSeedIsADayOfItsOwn() throws {
    let journals = try (0..<200).map { try Self.halfAMinute(seed: $0) }
    #expect(Set(journals).count == 200)
  }

  @Test func aGracefulShutdownTakesItsTimeAndNoOther() throws {
    for seed in 0..<200 as Range<UInt64> {
      let (counts, end) = try Simulation(seed: seed).run { simulation in
        let keeper = StockKeeper()
        let group = ServiceGroup(
          configuration: ServiceGroupConfiguration(
            services: [.init(service: keeper)],
            logger: Logger(label: "stock") { _ in SwiftLogNoOpLogHandler() }))
        let running = Task { try await group.run() }
        try await Task.sleep(for: .seconds(150))
        await group.triggerGracefulShutdown()
        try await running.value
        return (await keeper.counts, simulation.now)
      }
      #expect(counts == [60, 120, 155], "seed \(seed)")
      #expect(end == Instant(nanoseconds: 155_000_000_000))
    }
  }
}
