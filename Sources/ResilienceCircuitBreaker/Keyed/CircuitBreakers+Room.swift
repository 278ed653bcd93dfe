public import ResilienceCore
public import Synchronization

// Nothing here looks at all breakers under one lock: shards are visited one after the other. What is
// allocated under a lock is the slots of one shard.

extension CircuitBreakers {
  @inlinable
  @inline(never)
  func make(_ key: Key, _ index: Int, _ hash: UInt32, at tick: UInt32, _ now: Instant) -> CircuitBreaker {
    sweep(index, at: tick, now)
    // A flood of new keys must not make a breaker for each call that goes unguarded.
    guard places.count > 0 || shards[index].withLock({ $0.knows(key, hash: hash) }) else {
      return unguarded()
    }
    let rules = currentRules.withLock { $0 }
    let made = newBreaker("\(name)/\(key)", rules)
    let breaker: CircuitBreaker? = shards[index].withLock { table in
      // Somebody else may have made it meanwhile.
      if let found = table.breaker(of: key, hash: hash, at: tick, now) { return found }
      guard table.knows(key, hash: hash) || places.take() else { return nil }
      table.put(made, for: key, hash: hash, at: tick)
      return made
    }
    guard let breaker else { return unguarded() }
    // An update may have looked for it before it was there.
    bringUpToDate(breaker, from: rules)
    return breaker
  }

  @usableFromInline
  func newBreaker(_ name: String, _ rules: CircuitBreakerRules) -> CircuitBreaker {
    CircuitBreaker(name, rules: rules, eventQueue: eventQueue)
  }

  /// Has a breaker that goes by these rules go by the present ones, whoever else changes them meanwhile.
  @usableFromInline
  func bringUpToDate(_ breaker: CircuitBreaker, from rules: CircuitBreakerRules) {
    var rules = rules
    while case let latest = currentRules.withLock({ $0 }), latest !== rules {
      breaker.update(latest)
      rules = latest
    }
  }

  @inlinable
  func unguarded() -> CircuitBreaker {
    unguardedCalls.wrappingAdd(1, ordering: .relaxed)
    return overflow
  }

  /// Forgets what is idle, when there are twice as many breakers as after the last time, or when there is no
  /// room, once a tick: in all shards, so that who finds room does not depend on how keys hash.
  ///
  /// Who comes while somebody else does it looks at its own shard alone, and at that only when there is no
  /// room.
  @inlinable
  func sweep(_ index: Int, at tick: UInt32, _ now: Instant) {
    guard !isSweeping.load(ordering: .acquiring) else {
      if places.count == 0 { forgetIdle(index, at: tick, now) }
      return
    }
    guard isSweepDue(at: tick) else { return }
    guard !isSweeping.exchange(true, ordering: .acquiring) else { return sweep(index, at: tick, now) }
    defer { isSweeping.store(false, ordering: .releasing) }
    // Another thread may have swept in between.
    guard isSweepDue(at: tick) else { return }
    sweptAt.store(tick, ordering: .relaxed)
    for index in shards.indices { forgetIdle(index, at: tick, now) }
    let kept = maxBreakers - places.count
    sweepCount.store(min(maxBreakers, max(Self.smallestSweep, 2 * kept)), ordering: .relaxed)
  }

  @inlinable
  func isSweepDue(at tick: UInt32) -> Bool {
    let free = places.count
    return maxBreakers - free >= sweepCount.load(ordering: .relaxed)
      && (free > 0 || tick != sweptAt.load(ordering: .relaxed))
  }

  @inlinable
  @inline(never)
  func forgetIdle(_ index: Int, at tick: UInt32, _ now: Instant) {
    let forgotten = shards[index].withLock { table in
      let count = table.count
      let forgotten = table.forgetIdle(at: tick, now)
      places.giveBack(count - table.count)
      return forgotten
    }
    _ = consume forgotten
  }

  @inlinable static var smallestSweep: Int { 256 }
}
