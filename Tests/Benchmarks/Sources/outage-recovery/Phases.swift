import Resilience
import ResilienceTestKit
import Synchronization

/// Four phases of one service, and what the callers of one stack see in each, from one seed.
///
/// A hundred calls a second come whatever becomes of the earlier ones. The service does two hundred a second,
/// first come first served, and works on calls whose callers have left, as most servers do.
struct Phases: Sendable {
  enum Phase: String, CaseIterable, Sendable {
    case healthy, slow, out, recovered
  }

  struct Line: Sendable {
    /// Calls that callers made.
    var offered = 0
    /// Calls that arrived at the service.
    var attempts = 0
    /// Of these, the ones that the service took in.
    var admitted = 0
    /// Calls that got an answer, of those that were made in this phase.
    var answered = 0
    /// How long callers waited for an answer or an error, in seconds.
    var waits: [Double] = []

    var p99: Double { waits.sorted()[max(0, waits.count * 99 / 100 - 1)] }
  }

  struct Outcome: Sendable {
    var lines: [Phase: Line] = [:]
    /// Calls made and answered, by the second in which they were made.
    var seconds: [(made: Int, answered: Int)] = []
  }

  private final class Book: Sendable {
    let outcome = Mutex(Outcome())
  }

  static let callsPerSecond = 100
  static let ends: [(phase: Phase, second: Int)] = [
    (.healthy, 60), (.slow, 90), (.out, 120), (.recovered, 180),
  ]

  static let stacks: [(title: String, stack: Stack)] = [
    ("timeout", .timeoutAlone),
    ("timeout, retry without a budget", .unboundedRetry),
    ("timeout, retry with a budget, deadline", .retryAlone),
    ("standard stack: these, and a breaker", .ours),
    ("standard stack, bulkhead of 8", .bulkheaded),
    ("standard stack, bulkhead that learns, queue of 20", .adaptive),
  ]

  var seed: UInt64

  private func service() -> SimulatedService<Int, Int> {
    SimulatedService(
      "service", workers: 4, queueLimit: 400, latency: .exponential(mean: .milliseconds(20)),
      faults: [
        .slow(by: 3, during: .seconds(60) ..< .seconds(90)), .stalled(during: .seconds(90) ..< .seconds(120)),
      ]
    ) { $0 }
  }

  func play(_ stack: Stack) throws -> Outcome {
    try Simulation(seed: seed).run { simulation in
      let service = service()
      let call = stack.make(service)
      let log = Book()
      let gap = LatencyDistribution.exponential(mean: .nanoseconds(1_000_000_000 / Self.callsPerSecond))
      await withDiscardingTaskGroup { calls in
        var before = service.snapshot()
        for (phase, end) in Self.ends {
          while simulation.now < Instant(nanoseconds: Int64(end) * 1_000_000_000) {
            let begin = simulation.now
            calls.addTask {
              let result = await call.result(of: 1)
              log.outcome.withLock {
                $0.note(phase, begin, at: simulation.now, isAnswered: (try? result.get()) != nil)
              }
            }
            try? await simulation.sleep(for: gap.sample(draw: CallContext.current.random()))
          }
          let after = service.snapshot()
          let attempts = after.offered - before.offered
          let refused = after.rejected - before.rejected
          log.outcome.withLock {
            $0.lines[phase, default: Line()].attempts = attempts
            $0.lines[phase, default: Line()].admitted = attempts - refused
          }
          before = after
        }
      }
      return log.outcome.withLock { $0 }
    }
  }
}

extension Phases.Outcome {
  mutating func note(_ phase: Phases.Phase, _ begin: Instant, at end: Instant, isAnswered: Bool) {
    var line = lines[phase, default: Phases.Line()]
    line.offered += 1
    line.answered += isAnswered ? 1 : 0
    line.waits.append(Double(begin.nanoseconds(to: end)) / 1e9)
    lines[phase] = line
    let second = Int(begin.nanoseconds / 1_000_000_000)
    while seconds.count <= second { seconds.append((0, 0)) }
    seconds[second].made += 1
    seconds[second].answered += isAnswered ? 1 : 0
  }

  /// From the service's return to the end of the last second in which fewer than 95 % of the calls were
  /// answered; `nil` when that second is the last.
  var secondsToRecover: Int? {
    let afterwards = seconds[120..<180]
    guard let last = afterwards.lastIndex(where: { Double($0.answered) < 0.95 * Double($0.made) }) else {
      return 0
    }
    return last == 179 ? nil : last + 1 - 120
  }
}

/// Prints the table of the page "Outage and recovery, measured".
func printPhases(seed: UInt64) throws {
  print("| stack | phase | offered | attempts | admitted | answered | p99 of the wait | time to recover |")
  print("|---|---|---:|---:|---:|---:|---:|---:|")
  for (title, stack) in Phases.stacks {
    let outcome = try Phases(seed: seed).play(stack)
    let recovery = outcome.secondsToRecover.map { "\($0) s" } ?? "never"
    for phase in Phases.Phase.allCases {
      let line = outcome.lines[phase] ?? Phases.Line()
      let cells = [
        phase == .healthy ? title : "", phase.rawValue, "\(line.offered)", "\(line.attempts)",
        "\(line.admitted)",
        "\(figure(100 * Double(line.answered) / Double(line.offered), 10)) %",
        "\(Int((line.p99 * 1000).rounded())) ms",
        phase == .recovered ? recovery : "",
      ]
      print("|" + cells.map { $0.isEmpty ? " |" : " \($0) |" }.joined())
    }
  }
}
