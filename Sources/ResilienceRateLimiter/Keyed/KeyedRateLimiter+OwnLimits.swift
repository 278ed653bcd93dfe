public import ResilienceCore
internal import Synchronization

extension KeyedRateLimiter {
  /// Gives a key a limit of its own, or changes the one that it has.
  ///
  /// For customers with a plan that allows more, and those that are to be slowed down:
  ///
  /// ```swift
  /// let plans: [Plan: RateLimit] = [.free: .perSecond(5), .gold: .perSecond(100)]
  ///
  /// try perCustomer.setLimit(plans[customer.plan] ?? .perSecond(5), forKey: customer.id)
  /// ```
  ///
  /// What the key has taken and has not come back yet stays owed, in permits: changing the limit back and
  /// forth gives nobody a new burst. On the way down the debt is paid at the new rate: a key that has just
  /// taken 6000 and now gets 60 a minute is refused for 99 minutes; `refund` forgives it. The limit stays
  /// until it is removed, however long the key is idle, and ``update(_:at:)`` does not touch it. It is set
  /// when a plan changes, and not asked for with each call: so keys without a limit of their own are decided
  /// as fast as ever.
  ///
  /// A key with a limit of its own is one of the limiter's ``maxKeys`` all the time, and takes some 100 bytes
  /// more than others.
  ///
  /// - Parameters:
  ///   - limit: The rate and the burst of the key.
  ///   - key: Whose limit.
  ///   - now: The present instant. One from before the key's last permits were taken counts as that, as far
  ///     as can be told.
  /// - Throws: ``RateLimited`` with ``RateLimited/Reason/tooManyKeys`` when as many keys as the limiter may
  ///   have are in use, and this one is new; the key then has the limit of all.
  public func setLimit(_ limit: RateLimit, forKey key: Key, at now: Instant) throws(RateLimited) {
    let (index, hash) = place(of: key)
    while true {
      let (step, added) = shards[index].withLock { shard in
        let before = shard.own.count
        let step = shard.setLimit(limit, of: key, hash: hash, at: now, places: places)
        return (step, shard.own.count - before)
      }
      switch step {
      case .unprepared:
        prepare(index, at: now)
      case .noPlace:
        if case .none(let retryAt) = findPlaces(index, at: now) {
          throw RateLimited(limiter: name, reason: .tooManyKeys, retryAt: retryAt, at: now)
        }
      case .acquired, .refused:
        ownLimits.wrappingAdd(added, ordering: .relaxed)
        return
      }
    }
  }

  /// Gives a key a limit of its own, at the present instant of the current context's clock; see
  /// ``setLimit(_:forKey:at:)``.
  public func setLimit(_ limit: RateLimit, forKey key: Key) throws(RateLimited) {
    try setLimit(limit, forKey: key, at: CallContext.current.readClock())
  }

  /// Takes a key's own limit away: it has the limit of all again. What it owes stays owed, in permits.
  ///
  /// - Parameters:
  ///   - key: Whose limit.
  ///   - now: The present instant.
  /// - Returns: Whether it had one.
  @discardableResult
  public func removeLimit(forKey key: Key, at now: Instant) -> Bool {
    let (index, hash) = place(of: key)
    guard shards[index].withLock({ $0.removeLimit(of: key, hash: hash, at: now) }) else { return false }
    ownLimits.wrappingSubtract(1, ordering: .relaxed)
    // Its place will be free, which nobody could foresee.
    countSchedule.withLock { $0.restart() }
    return true
  }

  /// Takes a key's own limit away, at the present instant of the current context's clock; see
  /// ``removeLimit(forKey:at:)``.
  @discardableResult
  public func removeLimit(forKey key: Key) -> Bool {
    removeLimit(forKey: key, at: CallContext.current.readClock())
  }

  /// The rate and the burst of a key: its own, or those of all.
  public func limit(of key: Key) -> RateLimit {
    guard ownLimits.load(ordering: .relaxed) > 0 else { return limit }
    let (index, hash) = place(of: key)
    return shards[index].withLock { $0.ownLimit(of: key, hash: hash) } ?? limit
  }
}
