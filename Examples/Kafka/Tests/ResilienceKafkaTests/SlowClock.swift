import Resilience

/// The system's clock, four times slower: for a test whose seconds are too few for Kafka.
struct SlowClock: ResilienceClock {
  private static let factor: Int64 = 4

  private let system = SystemClock()
  private let start: Instant
  private let unixStart: UnixTime

  init() {
    start = system.now
    unixStart = system.unixTime
  }

  var now: Instant { start.advanced(byNanoseconds: start.nanoseconds(to: system.now) / Self.factor) }

  var unixTime: UnixTime { unixStart.advanced(by: start.duration(to: now)) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let (wait, isBeyond) = start.nanoseconds(to: instant).multipliedReportingOverflow(by: Self.factor)
    return system.schedule(at: isBeyond ? instant : start.advanced(byNanoseconds: wait), action)
  }

  func cancel(_ token: TimerToken) -> Bool { system.cancel(token) }
}
