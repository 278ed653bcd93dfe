public import ResilienceCore
public import Synchronization

/// One limit for each key: per customer, per address, per route.
///
/// ```swift
/// let perCustomer = KeyedRateLimiter<Customer.ID>("gateway", limit: .perSecond(5))
///
/// perCustomer.tryAcquire(key: customer.id)
/// let gateway = routes.rateLimit(perCustomer, by: { request in request.customer })
///
/// try perCustomer.setLimit(.perSecond(100), forKey: customer.id)   // who has paid for more
/// ```
///
/// A key costs memory only while its bucket is not full, its own size and some 30 bytes: one that has been
/// idle long enough is forgotten, which nobody can notice. The number of keys whose bucket is not full is
/// bounded. While there are ``maxKeys`` of them any other key is refused, and those that have one are served
/// as ever: a flood of invented keys cannot push the real ones out, nor reset their debts, nor take memory
/// without end. What it takes from others ends with it, after the time a bucket needs to fill.
///
/// Each key is in one of many shards, each with a lock and a table of its own for about a thousand keys, so
/// that making room under a lock takes some microseconds: no lock is held while all keys are counted. What
/// the limiter answers does not depend on how keys hash.
public final class KeyedRateLimiter<Key: Hashable & Sendable>: Sendable {
  /// Names what is limited, in errors, events and metrics.
  public let name: String

  /// The most keys that have a bucket that is not full.
  public let maxKeys: Int

  @usableFromInline let shards: ShardArray<KeyShard<Key>>
  /// How many more keys may have a bucket that is not full, as far as it was counted.
  @usableFromInline let places: FreePlaces
  @usableFromInline let nextSweep = Atomic<Int64>(Instant.distantPast.nanoseconds)
  @usableFromInline let sweeps = Atomic<Int>(0)
  /// Keys that have a limit of their own.
  let ownLimits = Atomic<Int>(0)
  @usableFromInline let countSchedule = Lock(KeyCountSchedule())
  let currentLimit: Lock<RateLimit>
  private let eventQueue: EventQueue<RateLimitEvent>?

  /// Creates a limiter without any keys; each key's bucket starts full.
  ///
  /// - Parameters:
  ///   - name: Names what is limited, in errors, events and metrics.
  ///   - limit: The rate and the burst of each key.
  ///   - maxKeys: The most keys that have a bucket that is not full, 1 to 10⁹. Default: 100 000, some
  ///     megabytes.
  ///   - onEvent: Is told of every refusal, synchronously, after the lock is released. It must be quick.
  public init(
    _ name: String, limit: RateLimit, maxKeys: Int = 100_000,
    onEvent: (@Sendable (RateLimitEvent) -> Void)? = nil
  ) {
    precondition(
      (1...1_000_000_000).contains(maxKeys), "a keyed limiter's maxKeys must be in 1 ... 10⁹, was \(maxKeys)")
    self.name = name
    self.maxKeys = maxKeys
    let rate = GenericCellRate(limit)
    shards = ShardArray(forKeys: maxKeys) { KeyShard(rate: rate) }
    places = FreePlaces(maxKeys)
    currentLimit = Lock(limit)
    eventQueue = onEvent.map { EventQueue($0) }
  }

  /// The rate and the burst of each key that has none of its own; see ``update(_:at:)`` and
  /// ``setLimit(_:forKey:at:)``.
  public var limit: RateLimit { currentLimit.withLock { $0 } }

  /// Takes permits of a key if they are there.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - key: Whose permits.
  ///   - now: The present instant. One that lies in the past is harmless: it only makes the answer stricter.
  /// - Complexity: O(1) on average; now and then a new key looks at a thousand others, and when ``maxKeys``
  ///   are reached, at all.
  @inlinable
  public func tryAcquire(_ permits: Int = 1, key: Key, at now: Instant) -> RateLimitDecision {
    switch take(permits, key, at: now, observer: nil) {
    case .acquired: .acquired
    case .refused(let retryAt), .noRoom(let retryAt):
      isImpossible(permits, key) ? .impossible : .refused(retryAt: retryAt)
    }
  }

  /// Takes permits of a key if they are there, at the present instant of the current context's clock.
  @inlinable
  public func tryAcquire(_ permits: Int = 1, key: Key) -> RateLimitDecision {
    tryAcquire(permits, key: key, at: CallContext.current.readClock())
  }

  /// Permits that a key could take at `now`.
  @inlinable
  public func available(key: Key, at now: Instant) -> Int {
    let (index, hash) = place(of: key)
    return shards[index].withLock { $0.available(of: key, hash: hash, at: now) }
  }

  /// Permits that a key could take at the present instant of the current context's clock.
  @inlinable
  public func available(key: Key) -> Int {
    available(key: key, at: CallContext.current.readClock())
  }

  /// What a server tells a client about the limit of its key, in header fields, at the present instant of the
  /// current context's clock.
  public func fields(of key: Key) -> RateLimitFields {
    fields(of: key, at: CallContext.current.readClock())
  }

  /// What a server tells a client about the limit of its key at `now`, in header fields.
  public func fields(of key: Key, at now: Instant) -> RateLimitFields {
    RateLimitFields(name: name, limit: limit(of: key), available: available(key: key, at: now))
  }

  /// What the limiter knows, at the present instant of the current context's clock.
  public func snapshot() -> KeyedRateLimiterSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the limiter knows at `now`.
  ///
  /// - Complexity: Looks at all keys, a thousand at a time.
  public func snapshot(at now: Instant) -> KeyedRateLimiterSnapshot {
    var snapshot = KeyedRateLimiterSnapshot(
      name: name, limit: limit, keys: 0, ownLimits: ownLimits.load(ordering: .relaxed), acquired: 0,
      refused: 0, refunded: 0)
    for index in shards.indices {
      let (keys, acquired, refused, refunded) = shards[index].withLock { shard in
        (shard.keys(at: now), shard.acquired, shard.refused, shard.refunded)
      }
      snapshot.keys += keys
      snapshot.acquired &+= acquired
      snapshot.refused &+= refused
      snapshot.refunded &+= refunded
    }
    return snapshot
  }
}

// MARK: - What the decorator calls

extension KeyedRateLimiter {
  @inlinable
  func take(_ permits: Int, _ key: Key, at now: Instant, observer: CallContext?) -> KeyedAnswer {
    guard permits >= 1 else { return takeNone(permits, key, at: now, observer) }
    if nextSweep.load(ordering: .relaxed) <= now.nanoseconds { sweep(at: now) }
    let (index, hash) = place(of: key)
    while true {
      let step = shards[index].withLock { shard in
        shard.take(permits, of: key, hash: hash, at: now, places: places)
      }
      switch step {
      case .acquired:
        return .acquired
      case .refused(let retryAt):
        report(permits, key, .refused(retryAt: retryAt), at: now, observer)
        return .refused(retryAt: retryAt)
      case .unprepared:
        prepare(index, at: now)
      case .noPlace:
        if case .none(let retryAt) = findPlaces(index, at: now) {
          shards[index].withLock { $0.refused &+= 1 }
          report(permits, key, .noRoom(retryAt: retryAt), at: now, observer)
          return .noRoom(retryAt: retryAt)
        }
      }
    }
  }

  /// The answer to a call that asks for no permits, or for fewer.
  @usableFromInline
  @inline(never)
  func takeNone(_ permits: Int, _ key: Key, at now: Instant, _ observer: CallContext?) -> KeyedAnswer {
    if permits == 0 { return .acquired }
    shards[place(of: key).shard].withLock { $0.refused &+= 1 }
    report(permits, key, .refused(retryAt: nil), at: now, observer)
    return .refused(retryAt: nil)
  }

  /// The key's shard, and what tells its slot there.
  @inlinable
  func place(of key: Key) -> (shard: Int, hash: UInt32) {
    shards.place(of: key.hashValue)
  }

  @inlinable
  func isImpossible(_ permits: Int, _ key: Key) -> Bool {
    permits > 1 ? exceedsBurst(permits, key) : permits < 0
  }

  @usableFromInline
  @inline(never)
  func exceedsBurst(_ permits: Int, _ key: Key) -> Bool {
    let limit = limit(of: key)
    return permits > limit.burst && limit.permits > 0
  }

  @inlinable
  func report(_ permits: Int, _ key: Key, _ answer: KeyedAnswer, at now: Instant, _ observer: CallContext?) {
    if isHeard || observer?.isObserved == true { tell(permits, key, answer, at: now, observer) }
  }

  @usableFromInline var isHeard: Bool { eventQueue != nil }

  @usableFromInline
  @inline(never)
  func tell(
    _ permits: Int, _ key: Key, _ answer: KeyedAnswer, at now: Instant, _ observer: CallContext?
  ) {
    let event = RateLimitEvent(
      limiter: name, key: "\(key)",
      kind: .refused(retryAt: isImpossible(permits, key) ? nil : answer.retryAt), permits: permits,
      instant: now)
    observer?.emit(event)
    eventQueue?.enqueue(event)
    eventQueue?.drain()
  }

  /// Takes permits, or throws the rejection.
  @inlinable
  @inline(never)
  func enter(_ permits: Int, _ key: Key, _ context: inout CallContext) throws {
    let now = context.now
    switch take(permits, key, at: now, observer: context) {
    case .acquired: return
    case .refused(let retryAt): throw rejection(permits, key, .noPermit, retryAt, at: now)
    case .noRoom(let retryAt): throw rejection(permits, key, .tooManyKeys, retryAt, at: now)
    }
  }

  @usableFromInline
  func rejection(
    _ permits: Int, _ key: Key, _ reason: RateLimited.Reason, _ retryAt: Instant?, at now: Instant
  ) -> any Error {
    isImpossible(permits, key)
      ? ImpossiblePermits(limiter: name, permits: permits, burst: limit(of: key).burst)
      : RateLimited(limiter: name, reason: reason, retryAt: retryAt, at: now)
  }
}
