import Resilience

/// Another clock, so many times as fast: a day of nine hours in two minutes.
final class ScaledClock: ResilienceClock {
  private let base: any ResilienceClock
  private let factor: Double
  private let start: Instant
  private let startTime: UnixTime

  /// Its instants count from now on.
  ///
  /// - Parameter factor: Its seconds in each of the other one's, above 0.
  init(_ base: any ResilienceClock, factor: Double) {
    precondition(factor > 0, "a clock's factor must be above 0, was \(factor)")
    self.base = base
    self.factor = factor
    start = base.now
    startTime = base.unixTime
  }

  var now: Instant {
    Instant(nanoseconds: Int64(Double(start.nanoseconds(to: base.now)) * factor))
  }

  var unixTime: UnixTime { startTime.advanced(by: .nanoseconds(now.nanoseconds)) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    // Rounded up: a timer is never early.
    let nanoseconds = Int64(exactly: (Double(instant.nanoseconds) / factor).rounded(.up)) ?? .max
    return base.schedule(at: start.advanced(by: .nanoseconds(nanoseconds)), action)
  }

  func cancel(_ token: TimerToken) -> Bool { base.cancel(token) }
}
