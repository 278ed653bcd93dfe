import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct FaultPlanTests {
  /// What happened, as text, for a plan of three faults of three kinds within an hour.
  private static func happenings(seed: UInt64, _ count: Int = 3) throws -> [String] {
    try Simulation(seed: seed).run { sim in
      let log = Log<String>()
      sim.inject(
        .any(
          count,
          of: [
            PlannedFault("a") { log.append("a \(sim.now)") },
            PlannedFault("b") { log.append("b \(sim.now)") },
            PlannedFault("c", for: .constant(.seconds(10))) {
              log.append("c \(sim.now)")
            } ended: {
              log.append("C \(sim.now)")
            },
          ], within: .seconds(3600)))
      try await sim.sleep(for: .seconds(3700))
      return log.entries
    }
  }

  @Test func aPlanLetsSoManyHappenWithinItsTimeAsTheSeedHasIt() throws {
    for seed in 0..<50 as Range<UInt64> {
      let happened = try Self.happenings(seed: seed)
      #expect(
        happened.count { $0.first?.isLowercase == true } == 3 || happened.contains { $0.hasPrefix("C") })
      #expect(try Self.happenings(seed: seed) == happened)
    }
    #expect(Set(try (0..<50).map { try Self.happenings(seed: $0) }).count == 50)
  }

  @Test func overlappingOccurrencesOfOneFaultAreOne() throws {
    for seed in 0..<20 as Range<UInt64> {
      let depth = try Simulation(seed: seed).run { sim in
        let state = Lock((now: 0, most: 0, times: 0))
        let fault = PlannedFault("outage", for: .constant(.seconds(600))) {
          state.withLock { state in
            state.now += 1
            state.times += 1
            state.most = max(state.most, state.now)
          }
        } ended: {
          state.withLock { $0.now -= 1 }
        }
        sim.inject(.any(10, of: [fault], within: .seconds(3600)))
        try await sim.sleep(for: .seconds(7200))
        return state.withLock { $0 }
      }
      #expect(depth.now == 0)
      #expect(depth.most == 1)
      #expect((1..<10).contains(depth.times), "ten of ten minutes in an hour overlap")
    }
  }

  @Test func faultsAtARateComeSoOftenOnAverage() throws {
    let counts = try (0..<100).map { seed in
      try Simulation(seed: seed).run { sim in
        let count = Lock(0)
        let fault = PlannedFault("fault") { count.withLock { $0 += 1 } }
        sim.inject(.every(.seconds(60), of: [fault], within: .seconds(3600)))
        try await sim.sleep(for: .seconds(3600))
        return count.withLock { $0 }
      }
    }
    #expect((55...65).contains(counts.reduce(0, +) / 100))
    #expect(Set(counts).count > 10)
  }

  /// A shop that loses an order when payment cannot be reached while its disk is full, whatever else happens.
  private static func shop(_ sim: Simulation) async throws {
    let network = SimulatedNetwork()
    let disk = SimulatedDisk(seed: sim.seed, capacity: 1000)
    let noise = Log<Void>()
    sim.inject(
      .any(
        12,
        of: [
          .partition(network, "shop", "payment", for: .uniform(.seconds(60) ... .seconds(600))),
          .diskFull(disk, capacity: 1000, for: .uniform(.seconds(60) ... .seconds(600))),
          PlannedFault("the cache is empty") { noise.append(()) },
          PlannedFault("the operator logs in") { noise.append(()) },
        ], within: .seconds(3600)))
    let payment = ServiceCall("charge") { (_: Int) in }.link(network, from: "shop", to: "payment")
    for order in 0..<360 {
      try await sim.sleep(for: .seconds(10))
      let isPaid = await withTaskGroup { group in
        group.addTask { (try? await payment(order)) != nil }
        group.addTask {
          try? await sim.sleep(for: .seconds(1))
          return false
        }
        defer { group.cancelAll() }
        return await group.next() ?? false
      }
      guard !isPaid else { continue }
      let isKept = (try? await disk.create("\(order)").write([1], at: 0)) != nil
      try sim.require(isKept, "an order was lost")
    }
  }

  @Test func aFailureNamesTheFaultsThatAreNeededAndLeavesOutTheOthers() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<200) { try await Self.shop($0) }
    }
    #expect(failure.faults.map(\.name).sorted() == ["disk is full", "partition of shop and payment"])
    let numbers = failure.faults.map(\.number).sorted()
    #expect(failure.replayLine.contains("faults: \(numbers)"))
    for fault in failure.faults { #expect(failure.description.contains("\(fault)")) }
    #expect(throws: Violation.self) {
      try Simulation.replay(seed: failure.seed, failure.decisions, faults: numbers) {
        try await Self.shop($0)
      }
    }
    #expect(throws: Never.self) {
      try Simulation.replay(seed: failure.seed, failure.decisions, faults: [numbers[0]]) {
        try await Self.shop($0)
      }
    }
  }
}
