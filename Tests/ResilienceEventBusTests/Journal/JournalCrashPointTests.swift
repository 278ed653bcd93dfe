import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// A host that loses its power between any two steps of a publish.
@Suite struct JournalCrashPointTests {
  private static func publication(_ numbers: Range<Int>) throws -> [EncodedEvent] {
    try numbers.map {
      try EncodedEvent(id: "\($0)", source: "/tests", type: "t", subject: nil, data: [UInt8]("\($0)".utf8))
    }
  }

  /// - Parameters:
  ///   - crashes: How many changes of the publish the disk had seen when the power went.
  ///   - losses: Whether the publication was gone.
  private static func publishAndCrash(
    _ sim: Simulation, _ crashes: Log<Int>, _ losses: Log<Bool>
  ) async throws {
    let disk = SimulatedDisk(seed: sim.seed)
    let host = sim.host("bus", disk: disk) { disk in try await openBroker(disk) }
    try await host.call { broker in try await broker.publish(try publication(0..<3)) }
    let before = disk.changes
    let isAcknowledged = await withTaskGroup(of: Bool.self) { tasks in
      tasks.addTask {
        (try? await host.call { broker in try await broker.publish(try publication(3..<6)) }) != nil
      }
      tasks.addTask {
        for _ in 0..<CallContext.current.random() % 40 { await Task.yield() }
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

  @Test func aPowerCutAtEveryPointOfAPublishLeavesAllOrNothingAndAllOnceAcknowledged() throws {
    let (crashes, losses) = (Log<Int>(), Log<Bool>())
    try Simulation.explore(seeds: 0..<600) { sim in
      try await Self.publishAndCrash(sim, crashes, losses)
    }
    // Before the first change, between each two, and after the last.
    let most = crashes.entries.max() ?? 0
    #expect(most >= 2)
    #expect(Set(crashes.entries) == Set(0...most))
    #expect(Set(losses.entries) == [true, false])
  }
}
