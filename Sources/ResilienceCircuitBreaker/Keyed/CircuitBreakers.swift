public import ResilienceCore

/// One breaker for each key: per instance, per route, per tenant.
///
/// A breaker around several destinations opens for all of them when one fails, or for none. With one each, made when it
/// is first asked for, nobody has to keep a table of them.
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
/// Keys that are not used any more cost nothing in the end. A breaker that nobody has asked for during the idle time, and
/// nobody holds, is as new, its open time being over: whether it is still kept makes no difference. One that is open for
/// longer than that stays until it is not, and one that somebody holds (a handler made with it, a call under way) or that
/// was told by hand what to be stays. The number is bounded: when all are in use, calls of
/// further keys pass **unguarded** and are not counted, rather than that a flood of invented keys pushes the real ones out
/// or that there is an outage for want of memory. An idle breaker takes less than 200 bytes, its place in the table included.
public final class CircuitBreakers<Key: Hashable & Sendable>: Sendable {
  /// Names the destinations, in the names of the breakers.
  public let name: String

  /// The most breakers that are kept at one time.
  public let maxBreakers: Int

  /// How long a breaker must not have been asked for to be as new.
  public let idleTime: Duration

  @usableFromInline let table: Lock<BreakerTable<Key>>
  @usableFromInline let tickNanoseconds: Int64
  @usableFromInline let overflow: CircuitBreaker
  private let outbox: EventOutbox<CircuitBreakerEvent>?

  /// Creates a table without breakers.
  ///
  /// - Parameters:
  ///   - name: Names the destinations. The breaker of a key is named by it, a slash and the key.
  ///   - policy: The policy of each.
  ///   - maxBreakers: The most breakers that are kept at one time, 1 or more. Default: 100 000, some 20 megabytes.
  ///   - idleTime: At least the policy's longest open time; up to a 64th of it is added. Default: 10 min, past any open
  ///     time and any burst.
  ///   - onEvent: Is told of the events of all breakers; see ``CircuitBreaker/init(_:policy:onEvent:)``.
  public init(
    _ name: String, policy: CircuitBreakerPolicy = CircuitBreakerPolicy(), maxBreakers: Int = 100_000,
    idleTime: Duration = .seconds(600), onEvent: (@Sendable (CircuitBreakerEvent) -> Void)? = nil
  ) {
    precondition(maxBreakers >= 1, "maxBreakers of \"\(name)\" must be at least 1, was \(maxBreakers)")
    let longest = max(policy.maxOpenTime, policy.maxRetryAfter)
    precondition(
      idleTime >= longest,
      "the idleTime of \"\(name)\" must be at least \(longest) (its longest open time), was \(idleTime)")
    self.name = name
    self.maxBreakers = maxBreakers
    self.idleTime = idleTime
    tickNanoseconds = max(1, idleTime.clampedNanoseconds / 64)
    outbox = onEvent.map { EventOutbox($0) }
    table = Lock(BreakerTable(maxBreakers: maxBreakers, rules: CircuitBreakerRules(policy)))
    overflow = CircuitBreaker("\(name)/…", policy: policy)
    overflow.set(.disabled)
  }

  /// The breaker of a key, at the present instant of the ambient clock.
  @inlinable
  public subscript(key: Key) -> CircuitBreaker {
    breaker(for: key, at: CallContext.current.readClock())
  }

  /// The breaker of a key; made, if there is none or it has been idle.
  ///
  /// - Complexity: O(1) on average; now and then a new key looks at all of them.
  @inlinable
  public func breaker(for key: Key, at now: Instant) -> CircuitBreaker {
    let tick = UInt32(truncatingIfNeeded: now.nanoseconds / tickNanoseconds)
    return table.withLock { $0.find(key, at: tick, now) } ?? make(key, at: tick, now)
  }

  @inlinable
  @inline(never)
  func make(_ key: Key, at tick: UInt32, _ now: Instant) -> CircuitBreaker {
    // A flood of new keys must not make a breaker for each call that goes unguarded.
    let rules: CircuitBreakerRules? = table.withLock { $0.turnsAway(key, at: tick) ? nil : $0.rules }
    guard let rules else { return overflow }
    let made = newBreaker("\(name)/\(key)", rules)
    let (breaker, forgotten): (CircuitBreaker, [Key: CircuitBreaker]?) = table.withLock { table in
      // Somebody else may have made it meanwhile.
      if let breaker = table.find(key, at: tick, now) { return (breaker, nil) }
      let forgotten = table.mustSweep(at: tick) ? table.sweep(at: tick, now) : nil
      return (table.insert(made, for: key, at: tick) ? made : overflow, forgotten)
    }
    _ = forgotten
    return breaker
  }

  @usableFromInline
  func newBreaker(_ name: String, _ rules: CircuitBreakerRules) -> CircuitBreaker {
    CircuitBreaker(name, rules: rules, outbox: outbox)
  }

  /// Goes on by another policy: those there are and those to come; see ``CircuitBreaker/update(_:)``.
  ///
  /// - Complexity: O(n) in the number of breakers.
  public func update(_ policy: CircuitBreakerPolicy) {
    let rules = CircuitBreakerRules(policy)
    let breakers = table.withLock { table in
      table.rules = rules
      return table.breakers
    }
    for breaker in breakers.values { breaker.update(rules) }
  }

  /// What the table holds.
  ///
  /// - Complexity: O(n) in the number of breakers.
  public func snapshot() -> CircuitBreakersSnapshot {
    let now = CallContext.current.readClock()
    let (breakers, unguarded) = table.withLock { ($0.breakers, $0.unguarded) }
    return CircuitBreakersSnapshot(
      name: name, breakers: breakers.count,
      notClosed: breakers.values.count { $0.state(at: now) != .closed }, unguarded: unguarded)
  }
}
