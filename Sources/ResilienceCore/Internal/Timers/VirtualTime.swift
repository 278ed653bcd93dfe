internal import Synchronization

/// Who keeps the timers of the system's clock for the calling thread, while a simulation holds that thread.
package enum VirtualTime {
  private static let installed = Atomic(false)
  private static let source = Lock<(@Sendable () -> (any ResilienceClock)?)?>(nil)

  /// Asks `clock` for each timer from now on: the simulation's clock on a thread that drives one, `nil`
  /// elsewhere.
  package static func install(_ clock: @escaping @Sendable () -> (any ResilienceClock)?) {
    guard !isInstalled else { return }
    source.withLock { $0 = clock }
    installed.store(true, ordering: .releasing)
  }

  /// Whether there are simulations in this process.
  static var isInstalled: Bool { installed.load(ordering: .acquiring) }

  /// Schedules with the clock that stands in for the system's on this thread; `nil` when none does.
  @inline(never)
  static func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken? {
    guard let clock = source.withLock({ $0 })?() else { return nil }
    return TimerToken(id: clock.schedule(at: instant, action).id | tokenBit)
  }

  /// Takes back what ``schedule(at:_:)`` has scheduled; `nil` for a token of the system's clock.
  @inline(never)
  static func cancel(_ token: TimerToken) -> Bool? {
    guard token.id & tokenBit != 0 else { return nil }
    return source.withLock { $0 }?()?.cancel(TimerToken(id: token.id & ~tokenBit)) ?? false
  }

  /// Tells a simulation's tokens from those of the system's clock.
  private static let tokenBit: UInt64 = 1 << 63
}
