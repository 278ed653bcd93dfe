import ResilienceTestKit
import Testing

@testable import ResilienceCore

/// One seed is one run, to the byte.
@Suite struct DeterminismTests {
  private actor Ledger {
    private var lines: [String] = []

    func write(_ line: String) async {
      lines.append("\(lines.count) \(line)")
      await Task.yield()
    }

    var text: String { lines.joined(separator: "\n") }
  }

  /// Customers, an actor, a service with a queue, a lossy network, faults, timers and give-ups: everything
  /// that chooses.
  private static func trace(seed: UInt64) throws -> (schedule: String, order: String) {
    let simulation = Simulation(seed: seed, recordsSchedule: true)
    let recorder = EventRecorder()
    let order = Log<Int>()
    let text = try simulation.run { sim in
      let ledger = Ledger()
      let network = SimulatedNetwork(
        NetworkLink(delay: .uniform(.milliseconds(1) ... .milliseconds(4)), loss: 0.05))
      let faults = FaultInjector<Int>(
        "chaos", [.latency(.exponential(mean: .milliseconds(5)), rate: 0.3)], onEvent: { recorder.record($0) }
      )
      faults.switchOn()
      let service = SimulatedService<Int, Int>(
        "stock", workers: 2, queueLimit: 3, latency: .exponential(mean: .milliseconds(6)),
        faults: [.errors(rate: 0.2)]
      ) { input in
        await ledger.write("served \(input)")
        return input
      }
      let call = service.faults(faults).link(network, from: "shop", to: "stock")
      await withTaskGroup { customers in
        for customer in 0..<8 {
          customers.addTask {
            let delay = CallContext.current.random() % 20
            try? await sim.sleep(for: .milliseconds(delay))
            let answer = await withTaskGroup { race in
              race.addTask { (try? await call(customer)).map { "\($0)" } ?? "failed" }
              race.addTask { (try? await sim.sleep(for: .milliseconds(25))).map { "late" } ?? "cancelled" }
              let first = await race.next() ?? "nothing"
              race.cancelAll()
              return first
            }
            order.append(customer)
            await ledger.write("\(customer) \(answer) at \(sim.now)")
          }
        }
      }
      return await ledger.text + "\n\(service.snapshot())\n\(network.snapshot())\n\(faults.snapshot())"
    }
    let schedule = (simulation.schedule.map(\.description) + recorder.descriptions + [text])
      .joined(separator: "\n")
    return (schedule, order.entries.map { "\($0)" }.joined())
  }

  @Test func oneSeedGivesTheSameTraceByteForByteInAThousandRuns() throws {
    let first = try Self.trace(seed: 7).schedule
    #expect(first.utf8.count > 5000, "the system is trivial: \(first)")
    for run in 2...1000 {
      let trace = try Self.trace(seed: 7).schedule
      guard trace.utf8.elementsEqual(first.utf8) else {
        Issue.record("run \(run) differs:\n\(trace)\n\nfrom the first:\n\(first)")
        return
      }
    }
  }

  @Test func differentSeedsReachDifferentInterleavings() throws {
    let traces = try (0..<1000).map { try Self.trace(seed: $0) }
    #expect(Set(traces.map(\.schedule)).count == 1000)
    // Of the 40 320 orders in which eight customers can be served.
    #expect(Set(traces.map(\.order)).count > 900)
  }

  /// Without randomness or time in it: what differs is the order of runnable jobs alone.
  @Test func allOrdersOfFourTasksAreReachedBySeeds() throws {
    var orders: Set<[Int]> = []
    for seed in 0..<300 as Range<UInt64> {
      let order = Log<Int>()
      try Simulation(seed: seed).run { _ in
        await withTaskGroup { group in
          for task in 0..<4 { group.addTask { order.append(task) } }
        }
      }
      orders.insert(order.entries)
    }
    #expect(orders.count == 24)
  }
}
