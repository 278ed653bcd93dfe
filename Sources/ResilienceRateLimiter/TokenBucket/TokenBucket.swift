public import ResilienceCore
public import Synchronization

/// Limits how often something is done: a burst at once, then a steady rate.
///
/// ```swift
/// let bucket = TokenBucket("mail", limit: .perSecond(10, burst: 3))
///
/// bucket.tryAcquire()                                        // take a permit, or be told when
/// try await bucket.acquire()                                 // wait for a permit, first come first served
/// try await bucket.run { try await smtp.send(mail) }         // inline
/// let send = ServiceCall { (mail: Mail) in try await smtp.send(mail) }
///   .rateLimit(bucket, mode: .wait)                          // as a decorator
/// ```
///
/// Exact: between two instants it gives out at most the burst and what the rate yields in between, whatever
/// threads do and in whatever order their timestamps arrive. While calls are waiting nobody overtakes them:
/// ``tryAcquire(_:at:)`` refuses. A call that gives up waiting leaves its permits to the next; one that has
/// taken permits and does not use them gives them back with ``refund(_:at:)``.
public final class TokenBucket: Sendable {
  /// Names what is limited, in errors, events and metrics; empty when unnamed.
  public let name: String

  /// The most permits that may be waited for at one time, over all calls; where nobody waits, a call may wait
  /// for as many as the burst.
  public var maxWaiting: Int { storage.withLock { $0.full?.pointee.maxWaiting ?? LightBucket.maxWaiting } }

  // In an order without gaps: many programs have many of them.
  @usableFromInline let lockFree: LockFreeBucket
  @usableFromInline let isHeard: Bool
  @usableFromInline let acquired = Atomic<Int>(0)
  @usableFromInline let refused = Atomic<Int>(0)
  let storage: Lock<BucketStorage>

  /// Creates a full bucket.
  ///
  /// - Parameters:
  ///   - name: Names what is limited, in errors, events and metrics; empty when unnamed.
  ///   - limit: The rate and the burst.
  ///   - maxWaiting: The most permits that may be waited for at one time, over all calls, 0 or more; further
  ///     calls are refused. A call that would be the only one to wait is not, however many permits within the
  ///     burst it asks for, unless it is 0: then nobody waits. Default: 1024: a queue without a bound is an
  ///     outage that has not been noticed yet.
  ///   - onEvent: Is told of every refusal and every wait, synchronously, after the lock is released. It must
  ///     be quick.
  public init(
    _ name: String, limit: RateLimit, maxWaiting: Int = 1024,
    onEvent: (@Sendable (RateLimitEvent) -> Void)? = nil
  ) {
    precondition(maxWaiting >= 0, "a bucket's maxWaiting must not be negative, was \(maxWaiting)")
    self.name = name
    isHeard = onEvent != nil
    let state = BucketState(limit, maxWaiting: maxWaiting, eventQueue: onEvent.map { EventQueue($0) })
    lockFree = LockFreeBucket(state.bucket.rate)
    storage = Lock(BucketStorage(state))
  }

  deinit {
    storage.withLock { $0.free() }
  }

  /// The rate and the burst; ``update(_:at:)`` changes them.
  public var limit: RateLimit {
    storage.withLock { storage in
      switch storage {
      case .light(let light): light.limit(burst: lockFree.rate.burst)
      case .full(let full): full.pointee.limit
      }
    }
  }

  /// Takes permits if they are there and nobody is waiting.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - now: The present instant. One that lies in the past is harmless: it only makes the answer stricter.
  @inlinable
  public func tryAcquire(_ permits: Int = 1, at now: Instant) -> RateLimitDecision {
    guard permits >= 1 else { return decide(permits, at: now, observer: nil) }
    switch lockFree.take(permits, at: now) {
    case .taken:
      acquired.wrappingAdd(permits, ordering: .relaxed)
      return .acquired
    case .refused(let nanoseconds) where !isHeard:
      refused.wrappingAdd(1, ordering: .relaxed)
      return .refused(retryAt: now.advanced(byNanoseconds: nanoseconds))
    case .refused, .unknown:
      return decide(permits, at: now, observer: nil)
    }
  }

  /// Takes permits if they are there and nobody is waiting, at the present instant of the current context's
  /// clock.
  ///
  /// - Parameter permits: How many; 0 pass without any. Default: 1.
  @inlinable
  public func tryAcquire(_ permits: Int = 1) -> RateLimitDecision {
    tryAcquire(permits, at: CallContext.current.readClock())
  }

  /// What the bucket knows, at the present instant of the current context's clock.
  public func snapshot() -> TokenBucketSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the bucket knows at `now`.
  public func snapshot(at now: Instant) -> TokenBucketSnapshot {
    withState(now) { state in
      TokenBucketSnapshot(
        name: name, limit: state.limit, available: state.bucket.available(at: now),
        waiting: state.queue.count, acquired: acquired.load(ordering: .relaxed),
        refused: refused.load(ordering: .relaxed), refunded: state.refunded)
    }
  }
}

// MARK: - Deciding

extension TokenBucket {
  /// Works on the state under the lock: takes the permits out of the lock-free bucket, and puts them back
  /// when one word can hold all there is.
  func withState<Result: Sendable>(_ now: Instant, _ body: (inout BucketState) -> Result) -> Result {
    storage.withLock { storage in
      switch storage {
      case .full(let full):
        return work(on: &full.pointee, at: now, body).result
      case .light(let light):
        var state = BucketState(light, lockFree.rate)
        let (result, isOpen) = work(on: &state, at: now, body)
        storage = isOpen ? BucketStorage(state, was: light) : .whole(state)
        return result
      }
    }
  }

  private func work<Result: Sendable>(
    on state: inout BucketState, at now: Instant, _ body: (inout BucketState) -> Result
  ) -> (result: Result, isOpen: Bool) {
    if lockFree.isOpen {
      state.closedState = lockFree.close()
      state.bucket.resume(fullAt: lockFree.fullAt(state.closedState))
    }
    let result = body(&state)
    let isOpen =
      state.fitsLockFreeBucket
      && lockFree.open(state.bucket.rate, fullAt: state.bucket.fullAt, after: state.closedState, at: now)
    return (result, isOpen)
  }

  /// Tells the listener what there is to tell; not under the lock.
  @inline(never)
  func drainEvents() {
    if isHeard { storage.withLock { $0.full?.pointee.eventQueue }?.drain() }
  }

  /// Takes permits without a word, if it can.
  @inlinable
  @inline(__always)
  func takes(_ permits: Int, at now: Instant) -> Bool {
    guard permits >= 1 else { return permits == 0 }
    guard case .taken = lockFree.take(permits, at: now) else { return false }
    acquired.wrappingAdd(permits, ordering: .relaxed)
    return true
  }

  @usableFromInline
  @inline(never)
  func decide(_ permits: Int, at now: Instant, observer: CallContext?) -> RateLimitDecision {
    let decision = withState(now) { state in
      let decision = state.take(permits, at: now)
      if let event = refusal(decision, permits, at: now) { state.eventQueue?.enqueue(event) }
      return decision
    }
    if let event = refusal(decision, permits, at: now) {
      refused.wrappingAdd(1, ordering: .relaxed)
      drainEvents()
      observer?.emit(event)
    } else {
      acquired.wrappingAdd(permits, ordering: .relaxed)
    }
    return decision
  }

  /// Takes permits, or throws the rejection.
  @usableFromInline
  @inline(never)
  func enter(_ permits: Int, _ context: CallContext) throws {
    var known = context
    let now = known.now
    let decision =
      context.isObserved ? decide(permits, at: now, observer: context) : tryAcquire(permits, at: now)
    switch decision {
    case .acquired: return
    case .refused(let retryAt): throw RateLimited(limiter: name, reason: .noPermit, retryAt: retryAt, at: now)
    case .impossible: throw impossible(permits)
    }
  }

  /// What there is to tell of a decision.
  func refusal(_ decision: RateLimitDecision, _ permits: Int, at now: Instant) -> RateLimitEvent? {
    switch decision {
    case .acquired: nil
    case .refused(let retryAt): event(.refused(retryAt: retryAt), permits, at: now)
    case .impossible: event(.refused(retryAt: nil), permits, at: now)
    }
  }

  func event(_ kind: RateLimitEvent.Kind, _ permits: Int, at now: Instant) -> RateLimitEvent {
    RateLimitEvent(limiter: name, kind: kind, permits: permits, instant: now)
  }
}
