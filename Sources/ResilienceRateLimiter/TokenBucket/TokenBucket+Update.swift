public import ResilienceCore
internal import Synchronization

extension TokenBucket {
  /// Changes the rate and the burst from now on.
  ///
  /// What has been taken and has not come back yet stays owed, in permits: changing the limit back and forth
  /// gives nobody a new burst. Calls that wait are timed anew; those whose turn cannot come before their
  /// deadline any more fail at once.
  ///
  /// - Parameters:
  ///   - limit: The new rate and burst.
  ///   - now: The present instant. One from before the last permits were taken counts as that, as far as can
  ///     be told.
  public func update(_ limit: RateLimit, at now: Instant) {
    let woken = withState(now) { $0.update(limit, at: now) }
    for waiter in woken { waiter.grant() }
  }

  /// Changes the rate and the burst from the present instant of the current context's clock on; see
  /// ``update(_:at:)``.
  public func update(_ limit: RateLimit) {
    update(limit, at: CallContext.current.readClock())
  }

  /// Takes all permits that are there, such as after the other side has said that it is overloaded.
  ///
  /// Calls that wait, wait longer; those whose turn cannot come before their deadline any more fail at once.
  ///
  /// - Returns: How many were taken; 0 for a limit of ``RateLimit/unlimited``.
  @discardableResult
  public func drain(at now: Instant) -> Int {
    let (permits, woken) = withState(now) { $0.drain(at: now) }
    acquired.wrappingAdd(permits, ordering: .relaxed)
    for waiter in woken { waiter.grant() }
    return permits
  }

  /// Takes all permits that are there at the present instant of the current context's clock; see
  /// ``drain(at:)``.
  @discardableResult
  public func drain() -> Int {
    drain(at: CallContext.current.readClock())
  }
}
