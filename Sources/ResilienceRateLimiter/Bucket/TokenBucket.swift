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
/// Exact: between two instants it gives out at most the burst and what the rate yields in between, whatever threads do and in
/// whatever order their timestamps arrive. While calls are waiting nobody overtakes them: ``tryAcquire(_:at:)`` refuses.
/// A call that gives up waiting leaves its permits to the next.
public final class TokenBucket: Sendable {
  /// Names what is limited, in errors, events and metrics.
  public let name: String

  /// The rate and the burst.
  public let limit: RateLimit

  /// The most calls that may wait at one time.
  public let maxWaiting: Int

  let cell: Lock<Cell>
  @usableFromInline let acquired = Atomic<Int>(0)
  // The line's permits, so that a call sees with one load that nobody waits. Written under the line's lock.
  @usableFromInline let waitingPermits = Atomic<Int>(0)
  let refused = Atomic<Int>(0)
  let line = Lock(WaitingLine())
  let outbox: EventOutbox<RateLimitEvent>?

  /// Creates a full bucket.
  ///
  /// - Parameters:
  ///   - name: Names what is limited, in errors, events and metrics.
  ///   - limit: The rate and the burst.
  ///   - maxWaiting: The most calls that may wait at one time, 0 or more; further ones are refused. Default: 1024: a
  ///     queue without a bound is an outage that has not been noticed yet.
  ///   - onEvent: Is told of every refusal and every wait, synchronously, after the lock is released. It must be quick.
  public init(
    _ name: String, limit: RateLimit, maxWaiting: Int = 1024,
    onEvent: (@Sendable (RateLimitEvent) -> Void)? = nil
  ) {
    precondition(maxWaiting >= 0, "a bucket's maxWaiting must not be negative, was \(maxWaiting)")
    self.name = name
    self.limit = limit
    self.maxWaiting = maxWaiting
    cell = Lock(Cell(limit))
    outbox = onEvent.map { EventOutbox($0) }
  }

  /// Takes permits if they are there and nobody is waiting.
  ///
  /// - Parameters:
  ///   - permits: 1 or more.
  ///   - now: The present instant. One that lies in the past is harmless: it only makes the answer stricter.
  @inlinable
  public func tryAcquire(_ permits: Int = 1, at now: Instant) -> RateLimitDecision {
    takesUnlessWaiting(permits, at: now) ? .acquired : refuse(permits, at: now, observer: nil)
  }

  /// Takes permits if they are there and nobody is waiting, at the present instant of the ambient clock.
  ///
  /// - Parameter permits: 1 or more.
  @inlinable
  public func tryAcquire(_ permits: Int = 1) -> RateLimitDecision {
    tryAcquire(permits, at: CallContext.current.readClock())
  }

  /// What the bucket knows, at the present instant of the ambient clock.
  public func snapshot() -> TokenBucketSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the bucket knows at `now`.
  public func snapshot(at now: Instant) -> TokenBucketSnapshot {
    TokenBucketSnapshot(
      name: name, limit: limit, available: cell.withLock { $0.available(at: now) },
      waiting: line.withLock { $0.count }, acquired: acquired.load(ordering: .relaxed),
      refused: refused.load(ordering: .relaxed))
  }
}

// MARK: - The word

extension TokenBucket {
  @inlinable
  @inline(__always)
  func takesUnlessWaiting(_ permits: Int, at now: Instant) -> Bool {
    precondition(permits >= 1, "at least 1 permit must be asked for, was \(permits)")
    return waitingPermits.load(ordering: .relaxed) == 0 && takes(permits, at: now)
  }

  @usableFromInline
  func takes(_ permits: Int, at now: Instant) -> Bool {
    guard cell.withLock({ $0.take(permits, at: now) }) else { return false }
    acquired.wrappingAdd(permits, ordering: .relaxed)
    return true
  }

  /// When `permits` can be taken after all that wait; `nil` for never.
  func earliest(_ permits: Int, at now: Instant) -> Instant? {
    let before = waitingPermits.load(ordering: .relaxed)
    return cell.withLock { $0.earliest(before + permits, at: now) }
  }
}

// MARK: - Refusing

extension TokenBucket {
  @usableFromInline
  @inline(never)
  func refuse(_ permits: Int, at now: Instant, observer: CallContext?) -> RateLimitDecision {
    refused.wrappingAdd(1, ordering: .relaxed)
    let exceedsBurst = permits > limit.burst && limit.permits > 0
    let retryAt = exceedsBurst ? nil : earliest(permits, at: now)
    outbox?.enqueue(event(.refused(retryAt: retryAt), permits, at: now))
    outbox?.drain()
    observer?.emit(event(.refused(retryAt: retryAt), permits, at: now))
    return exceedsBurst ? .exceedsBurst : .refused(retryAt: retryAt)
  }

  @usableFromInline
  @inline(never)
  func rejection(_ permits: Int, _ context: CallContext, _ reason: RateLimited.Reason) -> any Error {
    var known = context
    return switch refuse(permits, at: known.now, observer: context) {
    case .exceedsBurst: PermitsExceedBurst(limiter: name, permits: permits, burst: limit.burst)
    case .refused(let retryAt): RateLimited(limiter: name, reason: reason, retryAt: retryAt)
    case .acquired: preconditionFailure("a refusal that acquired")
    }
  }

  func event(_ kind: RateLimitEvent.Kind, _ permits: Int, at now: Instant) -> RateLimitEvent {
    RateLimitEvent(limiter: name, kind: kind, permits: permits, instant: now)
  }
}
