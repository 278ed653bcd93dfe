public import ResilienceCore
public import Synchronization

// Nothing here looks at all keys under one lock: shards are visited one after the other, each for some
// microseconds.

extension KeyedRateLimiter {
  /// Forgets the keys whose bucket is full, and gives their memory back.
  ///
  /// It happens by itself, shard by shard, while other keys are used. Call it for a limiter that nobody uses
  /// any more.
  ///
  /// - Complexity: Looks at all keys, a thousand at a time.
  public func forgetIdleKeys(at now: Instant) {
    for index in shards.indices { shrink(index, at: now) }
  }

  /// Changes the limit of every key that has none of its own; what each has taken and has not come back yet
  /// stays owed, in permits.
  ///
  /// Calls that are decided meanwhile see the old or the new limit.
  ///
  /// - Parameters:
  ///   - limit: The new rate and burst.
  ///   - now: The present instant. One from before the last permits were taken counts as that, as far as can
  ///     be told.
  /// - Complexity: Looks at all keys, a thousand at a time.
  public func update(_ limit: RateLimit, at now: Instant) {
    currentLimit.withLock { $0 = limit }
    for index in shards.indices {
      // Not `limit`: of two that change it at one time, the last one to come here must not bring the first
      // one's.
      shards[index].withLock { $0.change(to: GenericCellRate(self.limit), at: now) }
    }
    countSchedule.withLock { $0.restart() }
  }

  /// Changes the limit of every key at the present instant of the current context's clock; see
  /// ``update(_:at:)``.
  public func update(_ limit: RateLimit) {
    update(limit, at: CallContext.current.readClock())
  }
}

// MARK: - Making room

extension KeyedRateLimiter {
  @inlinable
  @inline(never)
  func prepare(_ index: Int, at now: Instant) {
    let replaced = shards[index].withLock { $0.prepare(at: now) }
    _ = consume replaced
  }

  @inlinable
  @inline(never)
  func shrink(_ index: Int, at now: Instant) {
    let replaced = shards[index].withLock { $0.shrink(at: now) }
    _ = consume replaced
  }

  /// Gives back the memory of idle keys, one shard at a time: all of them in the time in which a bucket
  /// fills, one second at least.
  @inlinable
  @inline(never)
  func sweep(at now: Instant) {
    let period = max(1_000_000_000, fillNanoseconds)
    let due = nextSweep.load(ordering: .relaxed)
    let next = now.advanced(byNanoseconds: period / Int64(shards.indices.count) + 1)
    let isMine = nextSweep.compareExchange(
      expected: due, desired: next.nanoseconds, ordering: .relaxed
    ).exchanged
    guard isMine else { return }
    shrink(sweeps.wrappingAdd(1, ordering: .relaxed).newValue % shards.indices.count, at: now)
  }

  /// Nanoseconds in which an empty bucket fills.
  @usableFromInline
  var fillNanoseconds: Int64 {
    let rate = GenericCellRate(limit)
    return rate.ticksPerNanosecond > 0 ? rate.capacity / rate.ticksPerNanosecond : 0
  }

  /// Counts the keys whose bucket is not full, when all places are taken: some of those that took one have
  /// filled since.
  ///
  /// A count that finds few free places is not repeated at once, so that a flood of new keys costs a few
  /// percent of one processor. Who comes during a count does not wait for it, and looks for a place in its
  /// own shard alone.
  @inlinable
  @inline(never)
  func findPlaces(_ index: Int, at now: Instant) -> KeyCountSchedule.Finding {
    if places.count > 0 { return .some }
    switch countSchedule.withLock({ $0.begin(at: now) }) {
    case .notBefore(let nextCount):
      return places.count > 0 ? .some : .none(retryAt: nextCount)
    case .counting:
      _ = shards[index].withLock { $0.freePlaces(of: places, at: now) }
      return places.count > 0 ? .some : .none(retryAt: now.advanced(byNanoseconds: pause))
    case .count(let number):
      var free = maxKeys
      var nextFree: Instant?
      for index in shards.indices {
        let (taken, next) = shards[index].withLock { $0.freePlaces(of: places, at: now) }
        free -= taken
        if let next { nextFree = min(nextFree ?? next, next) }
      }
      let later = now.advanced(byNanoseconds: pause)
      let retryAt = free > 0 ? later : nextFree.map { max($0, later) }
      let nextCount: KeyCountSchedule.NextCount =
        free > maxKeys / 64 ? .atOnce : retryAt.map { .at($0) } ?? .never
      countSchedule.withLock { $0.end(number, nextCount: nextCount) }
      return free > 0 ? .some : .none(retryAt: retryAt)
    }
  }

  /// Between two counts, when the first has found little.
  @usableFromInline var pause: Int64 { max(1_000_000, fillNanoseconds / 16, Int64(maxKeys) &* 100) }
}
