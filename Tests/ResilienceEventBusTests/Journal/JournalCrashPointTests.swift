import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// A host that loses its power between any two steps of a publish, by enumeration.
@Suite struct JournalCrashPointTests {
  private static func publication(_ numbers: Range<Int>) throws -> [EncodedEvent] {
    try numbers.map {
      try EncodedEvent(id: "\($0)", source: "/tests", type: "t", subject: nil, data: [UInt8]("\($0)".utf8))
    }
  }

  /// - Parameter instants: When there was no power any more, by the changes that the disk had seen.
  private static func publishAndCrash(
    _ sim: Simulation, _ diskSeed: UInt64, _ crashes: Log<Int>, _ losses: Log<Bool>
  ) async throws {
    let disk = SimulatedDisk(seed: diskSeed)
    let host = sim.host("bus", disk: disk) { disk in try await openBroker(disk) }
    try await host.call { broker in try await broker.publish(try publication(0..<3)) }
    let before = disk.changes
    let isAcknowledged = await withTaskGroup(of: Bool.self) { tasks in
      tasks.addTask {
        (try? await host.call { broker in try await broker.publish(try publication(3..<6)) }) != nil
      }
      tasks.addTask {
        host.crash()
        crashes.append(disk.changes - before)
        return false
      }
      return await tasks.reduce(false) { $0 || $1 }
    }
    host.restart()
    let found = try await host.call { broker in
      let consumer = try await broker.join(BrokerGroup("g", start: .oldest))
      try await broker.publish(try publication(6..<7))
      var found: [Int] = []
      while !found.contains(6) { found += try await consumer.receive(limit: 10).map(\.number) }
      return found
    }
    losses.append(!found.contains(3))
    // Each is a subject of its own: nothing is said of their order.
    try sim.require(
      found.sorted() == Array(0..<7) || (!isAcknowledged && found.sorted() == [0, 1, 2, 6]),
      "acknowledged \(isAcknowledged), found \(found)")
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func aPowerCutAtEveryPointOfAPublishLeavesAllOrNothingAndAllOnceAcknowledged(diskSeed: UInt64) throws {
    let (crashes, losses) = (Log<Int>(), Log<Bool>())
    let exploration = try Simulation.exploreEveryInterleaving(departures: 3, limit: 3_000) { sim in
      try await Self.publishAndCrash(sim, diskSeed, crashes, losses)
    }
    #expect(exploration.runs > 10)
    // Before the first change, between each two, and after the last; and both ends are among them.
    let most = crashes.entries.max() ?? 0
    #expect(most >= 2)
    #expect(Set(crashes.entries) == Set(0...most))
    #expect(Set(losses.entries) == [true, false])
  }
}
