import Resilience
import ResilienceTestKit

/// One outage of one service, and what its callers see of it.
struct Outage: Sendable {
  /// What the service does meanwhile.
  enum Kind: String, CaseIterable, Sendable {
    /// Refuses connections.
    case down
    /// Takes calls in and works on none.
    case stalled
  }

  /// How the service treats the calls that wait for it.
  enum Server: String, CaseIterable, Sendable {
    case fifo, dropping, lifo
  }

  var kind: Kind
  var server: Server
  var seconds: Int
  var callsPerSecond: Int
  var seed: UInt64

  /// The service has been well for so long when it fails.
  static let before = Duration.seconds(10)
  /// The callers are looked at for so long after it.
  static let after = Duration.seconds(60)

  var start: Instant { Instant(nanoseconds: 0).advanced(by: Self.before) }
  var end: Instant { start.advanced(by: .seconds(seconds)) }
  var last: Instant { end.advanced(by: Self.after) }

  /// Half of its capacity is used; a call takes 20 ms, one in a hundred 400 ms, and one in a hundred as long
  /// as nobody waits: 5 s.
  func service() -> SimulatedService<Int, Int> {
    let window = Self.before..<(Self.before + .seconds(seconds))
    // Busy: 20 ms, 4 ms and 50 ms for each call.
    let workers = max(20, callsPerSecond * 74 / 1000 * 2)
    return SimulatedService(
      "service", workers: workers, queueLimit: max(100, callsPerSecond),
      latency: .exponential(mean: .milliseconds(20)),
      faults: [kind == .down ? .down(during: window) : .stalled(during: window)],
      servesNewestFirst: server == .lifo, dropsExpiredWork: server == .dropping
    ) { input in
      let draw = CallContext.current.random() % 100
      if draw < 2 {
        try await CallContext.current.clock.sleep(for: draw == 0 ? .seconds(5) : .milliseconds(400))
      }
      return input
    }
  }

  func play(_ stack: Stack) throws -> Recovery {
    try Simulation(seed: seed).run { simulation in
      let service = service()
      let call = stack.make(service)
      let log = Log(outage: self)
      let gap = LatencyDistribution.exponential(mean: .nanoseconds(1_000_000_000 / callsPerSecond))
      await withDiscardingTaskGroup { calls in
        while simulation.now < last {
          let begin = simulation.now
          log.began(at: begin, offered: service.snapshot().offered)
          // Each call its own task: customers do not wait for each other.
          calls.addTask {
            do {
              _ = try await call(1)
              log.ended(begin, at: simulation.now, .answered)
            } catch is any Rejection {
              log.ended(begin, at: simulation.now, .refused)
            } catch {
              log.ended(begin, at: simulation.now, .failed)
            }
          }
          try? await simulation.sleep(for: gap.sample(draw: CallContext.current.random()))
        }
      }
      return log.recovery
    }
  }
}
