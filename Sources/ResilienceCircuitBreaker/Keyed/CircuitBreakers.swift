public import ResilienceCore
public import Synchronization

/// One breaker for each key: per instance, per route, per tenant.
///
/// A breaker around several destinations opens for all of them when one fails, or for none. With one each,
/// made when it is first asked for, nobody has to keep a table of them.
///
/// ```swift
/// let breakers = CircuitBreakers<String>("inventory")
///
/// let stock = registry.service("inventory").balanced(.powerOfTwoChoices) { instance in
///   ServiceCall { (sku: String) in try await client.stock(of: sku, at: instance) }
///     .circuitBreaker(breakers[instance.id])
/// }
/// let report = fetch.circuitBreaker(breakers, by: { request in request.tenant })
/// ```
///
/// Keys that are not used any more cost nothing in the end. A breaker that nobody has asked for during the
/// idle time, and nobody holds, is as new, its open time being over: whether it is still kept makes no
/// difference. One that is open for longer than that stays until it is not, and one that somebody holds (a
/// handler made with it, a call under way) or that was told by hand what to be stays. The number is bounded:
/// when all are in use, calls of further keys pass **unguarded** and are not counted, rather than that a
/// flood of invented keys pushes the real ones out or that there is an outage for want of memory. An idle
/// breaker takes less than 200 bytes, its place in the table included.
///
/// Each key is in one of many shards, each with a lock and slots of its own for about a thousand keys, as far
/// as keys hash well and there are no more than four million. No more than those are looked at, or moved,
/// under one lock: a fraction of a millisecond. What room there is for new keys does not depend on how keys
/// hash.
public final class CircuitBreakers<Key: Hashable & Sendable>: Sendable {
  /// Names the destinations, in the names of the breakers.
  public let name: String

  /// The most breakers that are kept at one time.
  public let maxBreakers: Int

  /// How long a breaker must not have been asked for to be as new.
  public let idleTime: Duration

  @usableFromInline let shards: ShardArray<BreakerTable<Key>>
  /// How many more breakers may be kept.
  @usableFromInline let places: FreePlaces
  /// How many breakers there are when it is time to look for some that can be forgotten.
  @usableFromInline let sweepCount: Atomic<Int>
  @usableFromInline let isSweeping = Atomic<Bool>(false)
  @usableFromInline let sweptAt = Atomic<UInt32>(0)
  @usableFromInline let unguardedCalls = Atomic<Int>(0)
  @usableFromInline let currentRules: Lock<CircuitBreakerRules>
  @usableFromInline let tickNanoseconds: Int64
  @usableFromInline let overflow: CircuitBreaker
  let eventQueue: EventQueue<CircuitBreakerEvent>?

  /// Creates a table without breakers.
  ///
  /// - Parameters:
  ///   - name: Names the destinations. The breaker of a key is named by it, a slash and the key.
  ///   - policy: The policy of each.
  ///   - maxBreakers: The most breakers that are kept at one time, 1 or more. Default: 100 000, some 20
  ///     megabytes.
  ///   - idleTime: How long a breaker must not have been asked for to be as new; up to a 64th of it is added.
  ///     Less than the policy's longest open time counts as that. Default: 10 min, past any open time and any
  ///     burst.
  ///   - onEvent: Is told of the events of all breakers; see ``CircuitBreaker/init(_:policy:onEvent:)``.
  public init(
    _ name: String, policy: CircuitBreakerPolicy = CircuitBreakerPolicy(), maxBreakers: Int = 100_000,
    idleTime: Duration = .seconds(600), onEvent: (@Sendable (CircuitBreakerEvent) -> Void)? = nil
  ) {
    precondition(maxBreakers >= 1, "maxBreakers of \"\(name)\" must be at least 1, was \(maxBreakers)")
    self.name = name
    self.maxBreakers = maxBreakers
    // The policy may come out of a document.
    self.idleTime = max(idleTime, policy.maxOpenTime, policy.maxRetryAfter)
    tickNanoseconds = max(1, self.idleTime.clampedNanoseconds / 64)
    eventQueue = onEvent.map { EventQueue($0) }
    // No more than for four million breakers, so that a table without a bound takes no memory for it.
    shards = ShardArray(forKeys: maxBreakers, most: 4096) { BreakerTable<Key>() }
    places = FreePlaces(maxBreakers)
    sweepCount = Atomic(min(maxBreakers, Self.smallestSweep))
    currentRules = Lock(CircuitBreakerRules(policy))
    overflow = CircuitBreaker("\(name)/…", policy: policy)
    overflow.set(.disabled)
  }

  /// The breaker of a key, at the present instant of the current context's clock.
  @inlinable
  public subscript(key: Key) -> CircuitBreaker {
    breaker(for: key, at: CallContext.current.readClock())
  }

  /// The breaker of a key; made, if there is none or it has been idle.
  ///
  /// - Complexity: O(1) on average; now and then a new key looks at all of them, a thousand at a time.
  @inlinable
  public func breaker(for key: Key, at now: Instant) -> CircuitBreaker {
    let tick = UInt32(truncatingIfNeeded: now.nanoseconds / tickNanoseconds)
    let (index, hash) = shards.place(of: key.hashValue)
    return shards[index].withLock { $0.breaker(of: key, hash: hash, at: tick, now) }
      ?? make(key, index, hash, at: tick, now)
  }

  /// Goes on by another policy: those there are and those to come; see ``CircuitBreaker/update(_:)``.
  ///
  /// - Complexity: O(n) in the number of breakers, a thousand at a time.
  public func update(_ policy: CircuitBreakerPolicy) {
    let rules = CircuitBreakerRules(policy)
    // Handed out of the lock, so that the rules before are released outside it.
    let before = currentRules.withLock { current in
      defer { current = rules }
      return current
    }
    _ = before
    for index in shards.indices {
      for breaker in shards[index].withLock({ $0.breakers() }) {
        breaker.update(rules)
        bringUpToDate(breaker, from: rules)
      }
    }
  }

  /// What the table holds.
  ///
  /// - Complexity: O(n) in the number of breakers, a thousand at a time.
  public func snapshot() -> CircuitBreakersSnapshot {
    let now = CallContext.current.readClock()
    var snapshot = CircuitBreakersSnapshot(
      name: name, breakers: 0, notClosed: 0, unguarded: unguardedCalls.load(ordering: .relaxed))
    for index in shards.indices {
      let breakers = shards[index].withLock { $0.breakers() }
      snapshot.breakers += breakers.count
      snapshot.notClosed += breakers.count { $0.state(at: now) != .closed }
    }
    return snapshot
  }
}
