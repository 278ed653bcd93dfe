public import ResilienceCore
public import Synchronization

/// One limit for each key: per customer, per address, per route.
///
/// ```swift
/// let perCustomer = KeyedRateLimiter<Customer.ID>("gateway", limit: .perSecond(5))
///
/// perCustomer.tryAcquire(key: customer.id)
/// let gateway = routes.rateLimit(perCustomer, by: { request in request.customer })
/// ```
///
/// A key costs memory only while its bucket is not full: one that has been idle long enough is forgotten, which nobody can
/// notice. The number of keys is bounded. When all are in use a key that is not known is refused, and the known ones
/// are served as ever: a flood of invented keys cannot push the real ones out, nor reset their debts.
public final class KeyedRateLimiter<Key: Hashable & Sendable>: Sendable {
  /// Names what is limited, in errors, events and metrics.
  public let name: String

  /// The rate and the burst of each key.
  public let limit: RateLimit

  /// The most keys that are kept at one time.
  public let maxKeys: Int

  @usableFromInline let buckets: Lock<KeyedBuckets<Key>>
  @usableFromInline let acquired = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)
  private let outbox: EventOutbox<RateLimitEvent>?

  /// Creates a limiter without any keys; each key's bucket starts full.
  ///
  /// - Parameters:
  ///   - name: Names what is limited, in errors, events and metrics.
  ///   - limit: The rate and the burst of each key.
  ///   - maxKeys: The most keys that are kept at one time, 1 or more. Default: 100 000, some megabytes.
  ///   - onEvent: Is told of every refusal, synchronously, after the lock is released. It must be quick.
  public init(
    _ name: String, limit: RateLimit, maxKeys: Int = 100_000,
    onEvent: (@Sendable (RateLimitEvent) -> Void)? = nil
  ) {
    precondition(maxKeys >= 1, "a keyed limiter's maxKeys must be at least 1, was \(maxKeys)")
    self.name = name
    self.limit = limit
    self.maxKeys = maxKeys
    buckets = Lock(KeyedBuckets(GenericCellRate(limit), maxKeys: maxKeys))
    outbox = onEvent.map { EventOutbox($0) }
  }

  /// Takes permits of a key if they are there.
  ///
  /// - Parameters:
  ///   - permits: 1 or more.
  ///   - key: Whose permits.
  ///   - now: The present instant. One that lies in the past is harmless.
  /// - Complexity: O(1) on average; now and then a new key looks at all keys.
  @inlinable
  public func tryAcquire(_ permits: Int = 1, key: Key, at now: Instant) -> RateLimitDecision {
    switch take(permits, key, at: now, observer: nil) {
    case .acquired: .acquired
    case .refused(let retryAt), .noRoom(let retryAt):
      exceedsBurst(permits) ? .exceedsBurst : .refused(retryAt: retryAt)
    }
  }

  /// Takes permits of a key if they are there, at the present instant of the ambient clock.
  @inlinable
  public func tryAcquire(_ permits: Int = 1, key: Key) -> RateLimitDecision {
    tryAcquire(permits, key: key, at: CallContext.current.readClock())
  }

  /// What the limiter knows.
  public func snapshot() -> KeyedRateLimiterSnapshot {
    KeyedRateLimiterSnapshot(
      name: name, limit: limit, keys: buckets.withLock { $0.count },
      acquired: acquired.load(ordering: .relaxed), refused: refused.load(ordering: .relaxed))
  }
}

// MARK: - What the decorator calls

extension KeyedRateLimiter {
  @inlinable
  func take(_ permits: Int, _ key: Key, at now: Instant, observer: CallContext?) -> KeyedAnswer {
    precondition(permits >= 1, "at least 1 permit must be asked for, was \(permits)")
    let answer = buckets.withLock { $0.take(permits, of: key, at: now) }
    if answer == .acquired {
      acquired.wrappingAdd(permits, ordering: .relaxed)
    } else {
      reportRefusal(permits, answer, at: now, observer)
    }
    return answer
  }

  @usableFromInline
  func exceedsBurst(_ permits: Int) -> Bool { permits > limit.burst && limit.permits > 0 }

  @usableFromInline
  @inline(never)
  func reportRefusal(_ permits: Int, _ answer: KeyedAnswer, at now: Instant, _ observer: CallContext?) {
    refused.wrappingAdd(1, ordering: .relaxed)
    guard outbox != nil || observer?.isObserved == true else { return }
    let event = RateLimitEvent(
      limiter: name, kind: .refused(retryAt: exceedsBurst(permits) ? nil : answer.retryAt), permits: permits,
      instant: now)
    observer?.emit(event)
    outbox?.enqueue(event)
    outbox?.drain()
  }

  /// Takes one permit, or throws the rejection.
  @inlinable
  @inline(never)
  func enter(_ key: Key, _ context: inout CallContext) throws {
    switch take(1, key, at: context.now, observer: context) {
    case .acquired: return
    case .refused(let retryAt): throw RateLimited(limiter: name, reason: .noPermit, retryAt: retryAt)
    case .noRoom(let retryAt): throw RateLimited(limiter: name, reason: .tooManyKeys, retryAt: retryAt)
    }
  }
}
