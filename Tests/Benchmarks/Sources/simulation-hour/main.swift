import Resilience
import ResilienceTestKit

/// How fast the simulator is: an hour of twelve services, each asked a hundred times a second.
///
/// `simulation-hour [bare|wrapped] [virtual seconds] [seed]`; by default an hour of bare calls. `wrapped`
/// puts a timeout and a retry around each call.
let arguments = Array(CommandLine.arguments.dropFirst())
let stack = arguments.first ?? "bare"
let length = Duration.seconds(arguments.count > 1 ? Int64(arguments[1]) ?? 3600 : 3600)
let seed = arguments.count > 2 ? UInt64(arguments[2]) ?? 1 : 1

func service(_ number: Int) -> SimulatedService<Int, Int> {
  SimulatedService(
    "service \(number)", workers: 10, queueLimit: 100, latency: .exponential(mean: .milliseconds(20))
  ) { $0 }
}

/// Calls at random intervals of ten milliseconds on average, whatever comes of them.
@Sendable func customers(of handler: some Handler<Int, Int>, in simulation: Simulation) async {
  let gap = LatencyDistribution.exponential(mean: .milliseconds(10))
  let end = Instant(nanoseconds: 0).advanced(by: length)
  await withDiscardingTaskGroup { calls in
    while simulation.now < end {
      calls.addTask { _ = try? await handler(1) }
      try? await simulation.sleep(for: gap.sample(draw: CallContext.current.random()))
    }
  }
}

let simulation = Simulation(seed: seed)
let begin = SystemClock.read()
let services = try simulation.run { simulation in
  let services = (1...12).map(service)
  await withDiscardingTaskGroup { group in
    for service in services {
      if stack == "wrapped" {
        let call = service.timeout(.seconds(1)).retry()
        group.addTask { await customers(of: call, in: simulation) }
      } else {
        group.addTask { await customers(of: service, in: simulation) }
      }
    }
  }
  return services.map { $0.snapshot() }
}
let wall = begin.duration(to: SystemClock.read()) / .seconds(1)
let virtual = Instant(nanoseconds: 0).duration(to: simulation.now) / .seconds(1)
let calls = services.map(\.offered).reduce(0, +)
let steps = Double(simulation.stepCount)

func figure(_ value: Double) -> String { "\(Int(value.rounded()))" }
print("\(stack): \(figure(virtual)) virtual seconds in \((wall * 100).rounded() / 100) s on one core")
print("  virtual seconds per second  \(figure(virtual / wall))")
print("  calls                       \(calls), \(services.map(\.completedInTime).reduce(0, +)) in time")
print("  calls per second            \(figure(Double(calls) / wall))")
print("  jobs and timers             \(simulation.stepCount), \(figure(steps / wall)) per second")
