import Resilience
import ResilienceTestKit

/// How soon callers are served again after an outage, in virtual time, with the defaults of this package and
/// with those of others, modelled on the same simulated service.
///
/// `outage-recovery [seeds] [calls a second,…] [seconds of outage,…] [stack]`; by default 100 seeds, 20 and
/// 2000 calls a second, outages of 2, 20, 37 and 300 s, all stacks.
///
/// `outage-recovery phases [seed]` plays one day of four phases, with five stacks: see `Phases`.
///
/// - first answer: from the service's return to the first answer, median and 95th percentile of the seeds;
/// - refused, failed: of the calls of the minute after its return, mean of the seeds and 95th percentile;
/// - load: the most that reached the service within ten seconds for each call made, the worst seed.
let arguments = Array(CommandLine.arguments.dropFirst())
func numbers(_ index: Int, _ standard: [Int]) -> [Int] {
  guard arguments.count > index else { return standard }
  return arguments[index].split(separator: ",").compactMap { Int($0) }
}

let seeds = numbers(0, [100]).first ?? 100
let rates = numbers(1, [20, 2000])
let lengths = numbers(2, [2, 20, 37, 300])
let stacks = Stack.all.filter { arguments.count < 4 || $0.name.contains(arguments[3]) }

func pad(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

func figure(_ value: Double, _ scale: Double = 100) -> String {
  value.isFinite ? "\((value * scale).rounded() / scale)" : "never"
}

func percent(_ value: Double) -> String { figure(value * 100) + " %" }

if arguments.first == "phases" {
  try printPhases(seed: arguments.count > 1 ? UInt64(arguments[1]) ?? 1 : 1)
} else {
  print(
    "\(seeds) seeds; first answer: p50, p95; refused and failed in the minute after: mean, p95; load: worst")
  for stack in stacks {
    print("\n\(stack.name)")
    for rate in rates {
      for kind in Outage.Kind.allCases {
        for server in Outage.Server.allCases {
          for seconds in lengths {
            let runs = try (1...seeds).map { seed in
              try Outage(
                kind: kind, server: server, seconds: seconds, callsPerSecond: rate, seed: UInt64(seed)
              ).play(stack)
            }
            func mean(_ value: (Recovery) -> Double) -> Double {
              runs.map(value).reduce(0, +) / Double(runs.count)
            }
            func percentile(_ share: Double, _ value: (Recovery) -> Double) -> Double {
              runs.map(value).sorted()[Int(Double(runs.count - 1) * share)]
            }
            print(
              pad("\(rate)/s", 8), pad(kind.rawValue, 8), pad(server.rawValue, 9), pad("\(seconds) s", 6),
              pad(figure(percentile(0.5) { $0.firstAnswer }), 8),
              pad(figure(percentile(0.95) { $0.firstAnswer }), 8),
              pad(percent(mean { $0.refused }), 9), pad(percent(percentile(0.95) { $0.refused }), 9),
              pad(percent(mean { $0.failed }), 9), pad(percent(percentile(0.95) { $0.failed }), 9),
              pad(figure(runs.map(\.load).max() ?? 0), 6))
          }
        }
      }
    }
  }
}
