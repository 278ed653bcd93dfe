internal import ResilienceCore

/// A host's clock: its wall-clock time may be wrong, and its timers end with it.
final class HostClock: ResilienceClock {
  private let base: any ResilienceClock
  private let life: HostLife

  init(_ base: any ResilienceClock, _ life: HostLife, offset: Duration) {
    self.base = base
    self.life = life
    life.jumpClock(by: offset)
  }

  /// How far its wall-clock time is from the simulation's.
  var offset: Duration { .nanoseconds(life.clockOffset) }

  var now: Instant { base.now }

  var unixTime: UnixTime { base.unixTime.advanced(by: offset) }

  func jump(by duration: Duration) { life.jumpClock(by: duration) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    base.schedule(at: instant) { [life] in
      if !life.hasEnded { action() }
    }
  }

  func cancel(_ token: TimerToken) -> Bool { base.cancel(token) }
}
