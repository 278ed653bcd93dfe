import Resilience
import ResilienceTestKit

/// What each balancing strategy makes of instances of very different speed, in virtual time.
///
/// `balancing-latency [requests] [at a time] [seed]`; by default 50 000 requests, 50 at a time. Ten instances
/// answer after a time that is uniform between 0 and 1 ms, 10 ms (four of them), 100 ms (four) and 1000 ms. A
/// hundredth of the calls meets the slowest by chance alone; a strategy that measures leaves it alone, so
/// that its 99.9th percentile is that of the second-slowest class.
let numbers = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
let requests = numbers.first ?? 50_000
let parallelism = numbers.count > 1 ? numbers[1] : 50
let seed = UInt64(numbers.count > 2 ? numbers[2] : 1)

let slowest: [Int64] = [1] + Array(repeating: 10, count: 4) + Array(repeating: 100, count: 4) + [1000]
let strategies: [(String, BalancingStrategy)] = [
  ("round robin", .roundRobin), ("two choices", .powerOfTwoChoices), ("peak EWMA", .peakEWMA),
  ("consistent hash", .consistentHash),
]

struct Run: Sendable {
  var latencies: [Int64] = []
  var total: Int64 = 0
}

func run(_ strategy: BalancingStrategy) throws -> Run {
  try Simulation(seed: seed).run { simulation in
    let registry = ServiceRegistry()
    for (index, most) in slowest.enumerated() {
      registry.register(
        ServiceInstance(id: "\(index)", service: "s", metadata: ["most": "\(most)"]), ttl: .seconds(1_000_000)
      )
    }
    let call = registry.service("s").balanced(
      BalancingPolicy(strategy), key: { (input: Int) in "key \(input)" }
    ) { instance in
      let most = UInt64(instance.metadata["most"].flatMap { Int64($0) } ?? 0) * 1_000_000
      return ServiceCall("s") { (_: Int) in
        let wait = CallContext.current.random().multipliedFullWidth(by: most).high
        try await CallContext.current.clock.sleep(for: .nanoseconds(Int64(wait)))
      }
    }
    let runs = try await withThrowingTaskGroup(of: [Int64].self) { workers in
      for worker in 0..<parallelism {
        workers.addTask {
          var latencies: [Int64] = []
          for number in stride(from: worker, to: requests, by: parallelism) {
            let start = simulation.now
            try await call(number)
            latencies.append(start.nanoseconds(to: simulation.now))
          }
          return latencies
        }
      }
      return try await workers.reduce(into: []) { $0 += $1 }
    }
    return Run(latencies: runs.sorted(), total: simulation.now.nanoseconds)
  }
}

func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
  let space = String(repeating: " ", count: max(0, width - text.count))
  return left ? text + space : space + text
}

func milliseconds(_ nanoseconds: Int64) -> String { "\(Double(nanoseconds / 10_000) / 100)" }

print("\(requests) requests, \(parallelism) at a time, seed \(seed); milliseconds")
let columns = ["p50", "p90", "p99", "p99.9", "all, seconds"]
print(pad("", 16, left: true) + columns.map { pad($0, 14) }.joined())
for (name, strategy) in strategies {
  let run = try run(strategy)
  let figures = [500, 900, 990, 999].map { milliseconds(run.latencies[run.latencies.count * $0 / 1000]) }
  let total = "\(Double(run.total / 10_000_000) / 100)"
  print(pad(name, 16, left: true) + (figures + [total]).map { pad($0, 14) }.joined())
}
