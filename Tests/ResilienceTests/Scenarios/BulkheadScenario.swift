import Resilience
import ResilienceTestKit
import Testing

/// **A dependency that hangs takes all the workers.**
///
/// A gateway has twenty workers and calls two services: a catalogue that answers in ten milliseconds, and an
/// inventory that has stopped answering. Each call to the inventory holds a worker for good. After a second
/// or two none is left, and the catalogue, which is perfectly well, is not reached any more. Behind a
/// bulkhead the inventory can hold five workers and no more.
@Suite struct BulkheadScenario {
  private struct Request: Sendable {
    var needsInventory: Bool
  }

  /// A minute of traffic, a hundred requests a second, every fifth to the inventory: how many of the 4 800
  /// others were answered.
  private static func goodput(seed: UInt64, _ bulkhead: Bulkhead?) throws -> Int {
    let answered = Log<Int>()
    try Simulation(seed: seed).run { simulation in
      let hanging = ServiceCall("inventory") { (_: Void) in try await simulation.sleep(for: .seconds(86_400))
      }
      let inventory = bulkhead.map { hanging.bulkhead($0).erased() } ?? hanging.erased()
      let catalogue = ServiceCall("catalogue") { (_: Void) in
        try await simulation.sleep(for: .milliseconds(10))
      }
      let gateway = SimulatedService(
        "gateway", workers: 20, queueLimit: 40, latency: .constant(.milliseconds(1))
      ) { (request: Request) in
        if request.needsInventory { try await inventory() } else { try await catalogue() }
      }
      await withTaskGroup { users in
        for number in 0..<6000 {
          users.addTask {
            let request = Request(needsInventory: number % 5 == 0)
            if (try? await gateway(request)) != nil, !request.needsInventory { answered.append(number) }
          }
          try? await simulation.sleep(for: .milliseconds(10))
        }
        users.cancelAll()
      }
      if let bulkhead {
        let snapshot = bulkhead.snapshot()
        try simulation.require(snapshot.inUse <= 5, "\(snapshot.inUse) calls are inside, not 5")
      }
    }
    return answered.entries.count
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func theOtherDependencyKeepsItsGoodput(seed: UInt64) throws {
    let protected = try Self.goodput(seed: seed, Bulkhead("inventory", limit: .fixed(5)))
    #expect(protected >= 4795)
    let unprotected = try Self.goodput(seed: seed, nil)
    #expect(unprotected < 200)
  }
}
