/// Pending timers in the order they fall due: the state machine behind the clocks of tests and
/// simulations, which need an exact order; the system's has ``TimerWheel``.
///
/// Timers of one instant run in the order of `rank`, then of arming.
package struct TimerQueue: ~Copyable {
  private var timers = DueHeap<TimerWheel.Action>()

  package init() {}

  package var count: Int { timers.count }

  /// When the earliest timer is due; `nil` when there is none.
  package var earliest: Instant? { timers.earliest }

  /// The earliest timer's token.
  package var earliestToken: TimerToken? { timers.earliestHandle.map { TimerToken(id: $0.bits) } }

  /// Adds a timer.
  ///
  /// - Parameter rank: Orders timers of one instant; a simulator draws it from its seed.
  package mutating func arm(
    at due: Instant, rank: UInt64 = 0, _ action: @escaping @Sendable () -> Void
  ) -> TimerToken {
    TimerToken(id: timers.insert(TimerWheel.Action(run: action), due: due, rank: rank).bits)
  }

  /// Removes a timer; `nil` when it is not pending.
  ///
  /// - Returns: Its action, to be let go outside the owner's lock: it may hold the last reference to a user's
  ///   object, whose end may take back a timer of its own.
  package mutating func disarm(_ token: TimerToken) -> (@Sendable () -> Void)? {
    timers.remove(DueHeap.Handle(bits: token.id))?.run
  }

  /// Removes and returns the earliest timer's action if it is due at `now`.
  package mutating func popDue(at now: Instant) -> (@Sendable () -> Void)? {
    timers.popDue(at: now)?.run
  }
}
