import Resilience
import ResilienceTestKit

/// Knows which timers of the current clock are pending.
final class TimerLedger: Sendable {
  private let running = Log<Int>()

  /// How many timers armed inside ``watching(_:)`` have neither run nor been taken back.
  var pending: Int { running.entries.reduce(0, +) }

  func watching(_ body: @escaping @Sendable () async throws -> Void) async throws {
    let context = CallContext.current
    guard let environment = CallContext.environment else { return try await body() }
    let clock = WatchedClock(base: context.clock, ledger: running)
    let watched = CallEnvironment(clock: clock, random: environment.random, executor: environment.executor)
    try await CallContext.withEnvironment(watched) { try await body() }
  }

  private struct WatchedClock: ResilienceClock {
    let base: any ResilienceClock
    let ledger: Log<Int>

    var now: Instant { base.now }
    var unixTime: UnixTime { base.unixTime }

    func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
      ledger.append(1)
      return base.schedule(at: instant) {
        ledger.append(-1)
        action()
      }
    }

    func cancel(_ token: TimerToken) -> Bool {
      let isCancelled = base.cancel(token)
      if isCancelled { ledger.append(-1) }
      return isCancelled
    }
  }
}
