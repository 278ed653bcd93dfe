#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The machine's monotonic clock, in nanoseconds, which goes on while the machine is suspended.
///
/// A lease, an open breaker or a deadline that ends while a laptop sleeps or a virtual machine is paused has
/// ended when it wakes up. It is what `ContinuousClock` reads, at half the cost: `CLOCK_BOOTTIME` on Linux
/// (in the vDSO since Linux 5.3), `CLOCK_MONOTONIC_RAW` on Darwin, which counts sleep too, unlike
/// `CLOCK_UPTIME_RAW`.
///
/// Timers are kept by the process's own threads, started when they are needed. An action runs on a thread
/// that keeps no timers while it does so: one that blocks delays no other timer. After the machine has been
/// suspended a timer is late by one second at most, since no platform lets a thread wait on this clock.
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
    #if canImport(Darwin)
      clock_gettime(CLOCK_MONOTONIC_RAW, &time)
    #else
      clock_gettime(CLOCK_BOOTTIME, &time)
    #endif
    return Instant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }

  /// The present wall-clock time.
  public var unixTime: UnixTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    // The wall clock can be set to any time.
    let seconds = Int64(time.tv_sec).multiplyingSaturating(1_000_000_000)
    return UnixTime(nanoseconds: seconds.addingSaturating(Int64(time.tv_nsec)))
  }

  /// Calls `action` once, on a thread of the clock's own, at or after `instant`; on a thread that drives a
  /// simulation, in the simulation.
  ///
  /// An action that blocks delays no other timer, until 64 block at the same time; then timers wait for the
  /// first that ends.
  public func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    if VirtualTime.isInstalled, let token = VirtualTime.schedule(at: instant, action) { return token }
    return SystemTimer.shared.arm(at: instant, action)
  }

  /// Takes a scheduled action back; `false` when it has run, runs or is about to, or was cancelled before.
  @discardableResult
  public func cancel(_ token: TimerToken) -> Bool {
    if VirtualTime.isInstalled, let isCancelled = VirtualTime.cancel(token) { return isCancelled }
    return SystemTimer.shared.disarm(token)
  }
}

extension ResilienceClock where Self == SystemClock {
  /// The machine's monotonic clock.
  @inlinable
  public static var system: SystemClock { SystemClock() }
}
