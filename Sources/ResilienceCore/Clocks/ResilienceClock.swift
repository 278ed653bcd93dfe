/// The source of time: it tells the instant and calls back at one.
///
/// Every component takes its time from the call's context, so binding another clock (a simulator's, a manual
/// one) in a ``CallEnvironment`` moves everything at once. Waiting is built on ``schedule(at:_:)``.
public protocol ResilienceClock: Sendable {
  /// The present instant. Never decreases.
  var now: Instant { get }

  /// The present wall-clock time, for labels only: it may jump.
  var unixTime: UnixTime { get }

  /// Calls `action` once, at or after `instant`.
  ///
  /// Where the action runs is the clock's affair, and actions of one instant may run at the same time: it
  /// should be short. The system's clock lets one that blocks delay no other timer. An instant in the past is
  /// due at once, and still runs later, never inside this call.
  ///
  /// - Returns: A token for ``cancel(_:)``.
  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken

  /// Takes a scheduled action back.
  ///
  /// - Returns: Whether the action had not run and now never will. `false` when it has run, runs or is about
  ///   to, or was cancelled before.
  @discardableResult
  func cancel(_ token: TimerToken) -> Bool
}

extension ResilienceClock {
  /// Suspends the current task until `instant`.
  ///
  /// - Parameter instant: When to resume. One in the past gives way to what else is runnable, as a loop of
  ///   such sleeps must.
  /// - Throws: `CancellationError` as soon as the task is cancelled, also when it was before the call.
  public func sleep(until instant: Instant) async throws {
    try Task.checkCancellation()
    guard now < instant else { return await Task.yield() }
    let waiter = Waiter("sleep")
    let token = schedule(at: instant) { waiter.grant() }
    guard await waiter.wait() == .granted else {
      cancel(token)
      throw CancellationError()
    }
  }

  /// Suspends the current task for `duration`; zero or less gives way to what else is runnable.
  ///
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  public func sleep(for duration: Duration) async throws {
    try await sleep(until: now.advanced(by: duration))
  }
}

/// Names one scheduled action of one clock. Never reused within the life of that clock.
public struct TimerToken: Sendable, Hashable {
  /// The clock's own number for the action.
  public let id: UInt64

  /// Creates a token; for implementers of ``ResilienceClock``.
  public init(id: UInt64) {
    self.id = id
  }
}
