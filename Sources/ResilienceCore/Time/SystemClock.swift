#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The machine's monotonic clock: `CLOCK_MONOTONIC`, in nanoseconds.
///
/// Half the cost of `ContinuousClock.now`. Timers are kept by one thread of the process, started by the first timer and
/// parked while none is pending.
@frozen
public struct SystemClock: ResilienceClock {
  /// Creates the clock; all values are the same clock.
  @inlinable
  public init() {}

  /// The present instant.
  @inlinable
  public var now: Instant { Self.read() }

  /// Reads the clock without an instance.
  public static func read() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// The present wall-clock time.
  public var unixTime: UnixTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UnixTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  /// Calls `action` once, on the timer thread, at or after `instant`.
  public func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    SystemTimer.shared.arm(at: instant, action)
  }

  /// Takes a scheduled action back; `false` when it has run, is running, or was cancelled before.
  @discardableResult
  public func cancel(_ token: TimerToken) -> Bool {
    SystemTimer.shared.disarm(token)
  }
}

extension ResilienceClock where Self == SystemClock {
  /// The machine's monotonic clock.
  @inlinable
  public static var system: SystemClock { SystemClock() }
}
