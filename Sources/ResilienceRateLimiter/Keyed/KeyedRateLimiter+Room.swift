public import ResilienceCore
public import Synchronization

// Nothing here looks at all keys under one lock: shards are visited one after the other, each for some microseconds.

extension KeyedRateLimiter {
  /// Forgets the keys whose bucket is full, and gives their memory back.
  ///
  /// It happens by itself, shard by shard, while other keys are used. Call it for a limiter that nobody uses any more.
  ///
  /// - Complexity: Looks at all keys, a thousand at a time.
  public func forgetIdleKeys(at now: Instant) {
    for index in 0...shardMask { shrink(index, at: now) }
  }

  /// Changes the limit of every key; what each has taken and has not come back yet stays owed, in permits.
  ///
  /// Calls that are decided meanwhile see the old or the new limit.
  ///
  /// - Parameters:
  ///   - limit: The new rate and burst.
  ///   - now: The present instant.
  /// - Complexity: Looks at all keys, a thousand at a time.
  public func update(_ limit: RateLimit, at now: Instant) {
    let rate = GenericCellRate(limit)
    census.withLock { census in
      currentLimit.withLock { $0 = limit }
      census.nextCount = Instant(nanoseconds: .min)
      for index in 0...shardMask { shards[index].withLock { $0.change(to: rate, at: now) } }
    }
  }

  /// Changes the limit of every key at the present instant of the ambient clock; see ``update(_:at:)``.
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

  /// Gives back the memory of idle keys, one shard at a time: all of them in the time in which a bucket fills, one second
  /// at least.
  @inlinable
  @inline(never)
  func sweep(at now: Instant) {
    let period = max(1_000_000_000, fillNanoseconds)
    let due = nextSweep.load(ordering: .relaxed)
    let next = now.advanced(byNanoseconds: period / Int64(shardMask + 1) + 1)
    let isMine = nextSweep.compareExchange(
      expected: due, desired: next.nanoseconds, ordering: .relaxed
    ).exchanged
    guard isMine else { return }
    shrink(sweeps.wrappingAdd(1, ordering: .relaxed).newValue & shardMask, at: now)
  }

  /// Nanoseconds in which an empty bucket fills.
  @usableFromInline
  var fillNanoseconds: Int64 {
    let rate = GenericCellRate(limit)
    return rate.ticksPerNanosecond > 0 ? rate.capacity / rate.ticksPerNanosecond : 0
  }

  /// Counts the keys whose bucket is not full, when all places are taken: some of those that took one have filled since.
  ///
  /// A count that finds few free places is not repeated at once, so that a flood of new keys costs a few percent of
  /// one processor.
  @inlinable
  @inline(never)
  func findPlaces(at now: Instant) -> KeyCensus.Finding {
    census.withLock { census in
      if places.load(ordering: .relaxed) > 0 { return .some }
      guard let nextCount = census.nextCount else { return .none(retryAt: nil) }
      guard nextCount <= now else { return .none(retryAt: nextCount) }
      var free = maxKeys
      var nextFree: Instant?
      for index in 0...shardMask {
        let (taken, next) = shards[index].withLock { $0.countPlaces(at: now) }
        free -= taken
        if let next { nextFree = min(nextFree ?? next, next) }
      }
      places.store(free, ordering: .relaxed)
      if free <= maxKeys / 64 {
        let pause = max(1_000_000, fillNanoseconds / 16, Int64(maxKeys) &* 100)
        let later = now.advanced(byNanoseconds: pause)
        census.nextCount = free > 0 ? later : nextFree.map { max($0, later) }
      }
      return free > 0 ? .some : .none(retryAt: census.nextCount)
    }
  }
}
