public import ResilienceCore

/// The same quotas for each key: per customer, per partner account, per route.
///
/// ```swift
/// let perAccount = KeyedQuotaLimiter<Account.ID>(
///   "partner", quotas: [.perSecond(10), Quota(10_000, each: .day)])
///
/// perAccount.tryAcquire(key: account.id)
/// let get = ServiceCall { (request: Request) in try await client.get(request) }
///   .rateLimit(perAccount, by: { request in request.account })
/// ```
///
/// Each key has the quotas for itself, as a ``QuotaLimiter``. One of which nothing is taken that still counts
/// is forgotten, which nobody can notice. The number of the others is bounded: while there are ``maxKeys`` of
/// them any other key is refused, and those that have one are served as ever, so that a flood of invented
/// keys can neither push the real ones out, nor reset what they have used, nor take memory without end.
///
/// A ``KeyedRateLimiter`` takes some 30 bytes for a key; this one takes half a kilobyte, and one kilobyte
/// more for each quota that is not by the calendar.
public final class KeyedQuotaLimiter<Key: Hashable & Sendable>: Sendable {
  /// Names what is limited, in errors, events and metrics; empty when unnamed.
  public let name: String

  @usableFromInline let limiters: KeyedObjects<Key, QuotaLimiter>
  @usableFromInline let core: KeyedQuotaCore

  /// Creates a limiter without any keys.
  ///
  /// - Parameters:
  ///   - name: Names what is limited, in errors, events and metrics; empty when unnamed.
  ///   - quotas: At least one; each key has all of them.
  ///   - zone: By whose clocks the periods of quotas by the calendar begin. Default: UTC.
  ///   - maxKeys: The most keys of which something is taken that still counts, 1 to 10⁹. Default: 10 000,
  ///     some 10 megabytes for each quota.
  ///   - onEvent: Is told of every refusal, synchronously, after the lock is released. It must be quick.
  public init(
    _ name: String, quotas: [Quota], zone: CalendarZone = .utc, maxKeys: Int = 10_000,
    onEvent: (@Sendable (RateLimitEvent) -> Void)? = nil
  ) {
    precondition(
      (1...1_000_000_000).contains(maxKeys), "a keyed limiter's maxKeys must be in 1 ... 10⁹, was \(maxKeys)")
    self.name = name
    limiters = KeyedObjects(maxKeys: maxKeys)
    core = KeyedQuotaCore(name, quotas, zone, onEvent.map { EventQueue($0) })
  }

  /// The most keys of which something is taken that still counts.
  public var maxKeys: Int { limiters.maxKeys }

  /// The quotas of each key; see ``update(_:at:unixTime:)``.
  public var quotas: [Quota] { core.quotas }

  /// Takes permits of all quotas of a key if all have them, of none otherwise.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - key: Whose permits.
  ///   - now: The present instant. One that lies in the past counts as the latest known.
  ///   - unixTime: The present wall-clock time, for quotas by the calendar. Default: that of the current
  ///     context's clock.
  /// - Complexity: O(number of quotas); now and then a new key looks at all, a thousand at a time.
  @inlinable
  public func tryAcquire(
    _ permits: Int = 1, key: Key, at now: Instant, unixTime: UnixTime? = nil
  ) -> RateLimitDecision {
    if permits == 0 { return .acquired }
    guard let limiter = limiter(of: key, at: now, unixTime) else {
      return .refused(retryAt: refuseNewKey(permits, key, at: now, observer: nil))
    }
    let decision = limiter.tryAcquire(permits, at: now, unixTime: unixTime)
    if decision != .acquired { core.tell(decision, permits, "\(key)", at: now, nil) }
    return decision
  }

  /// Takes permits of all quotas of a key if all have them, at the present instant of the current context's
  /// clock.
  @inlinable
  public func tryAcquire(_ permits: Int = 1, key: Key) -> RateLimitDecision {
    tryAcquire(permits, key: key, at: CallContext.current.readClock())
  }

  /// Puts permits of a key back that were taken and not used; see ``QuotaLimiter/refund(_:takenAt:)``.
  ///
  /// - Parameters:
  ///   - permits: As many as were taken; 0 or less gives nothing back. Default: 1.
  ///   - key: Whose permits.
  ///   - instant: When they were taken.
  public func refund(_ permits: Int = 1, key: Key, takenAt instant: Instant) {
    limiters.find(key)?.refund(permits, takenAt: instant)
  }

  /// Goes on with other quotas, for the keys there are and those to come. What was taken goes on counting;
  /// see ``QuotaLimiter/update(_:at:unixTime:)``.
  ///
  /// - Parameters:
  ///   - quotas: At least one.
  ///   - now: The present instant.
  ///   - unixTime: The present wall-clock time, for quotas by the calendar. Default: that of the current
  ///     context's clock.
  /// - Complexity: O(n) in the number of keys, a thousand at a time.
  public func update(_ quotas: [Quota], at now: Instant, unixTime: UnixTime? = nil) {
    core.set(quotas)
    limiters.forEach { core.bringUpToDate($0, at: now, unixTime) }
  }

  /// Goes on with other quotas, from the present instant of the current context's clock on; see
  /// ``update(_:at:unixTime:)``.
  public func update(_ quotas: [Quota]) {
    update(quotas, at: CallContext.current.readClock())
  }

  /// Forgets the keys of which nothing is taken that still counts, and gives their memory back.
  ///
  /// It happens by itself when there are twice as many keys as after the last time, or no room for another.
  ///
  /// - Complexity: O(n) in the number of keys, a thousand at a time.
  public func forgetIdleKeys(at now: Instant, unixTime: UnixTime? = nil) {
    let reading = core.reading(at: now, unixTime)
    limiters.sweep(at: now, { $0.idleFrom(reading) }, core.retire)
  }
}

// MARK: - What the key has

extension KeyedQuotaLimiter {
  /// What is left of each quota of a key, at the present instant of the current context's clock.
  public func usage(of key: Key) -> [QuotaSnapshot.Usage] {
    usage(of: key, at: CallContext.current.readClock())
  }

  /// What is left of each quota of a key at `now`; all of it, if the key is not known.
  public func usage(of key: Key, at now: Instant, unixTime: UnixTime? = nil) -> [QuotaSnapshot.Usage] {
    if let limiter = limiters.find(key) { return limiter.snapshot(at: now, unixTime: unixTime).usage }
    let reading = core.reading(at: now, unixTime)
    return quotas.map { quota in
      QuotaSnapshot.Usage(
        quota: quota, available: quota.permits, fullAt: now, renewsAt: reading?.renewal(of: quota))
    }
  }

  /// What a server tells a client about the quotas of its key, in header fields, at the present instant of
  /// the current context's clock.
  public func fields(of key: Key) -> [RateLimitFields] {
    fields(of: key, at: CallContext.current.readClock())
  }

  /// What a server tells a client about the quotas of its key at `now`, in header fields.
  public func fields(of key: Key, at now: Instant, unixTime: UnixTime? = nil) -> [RateLimitFields] {
    let usage = usage(of: key, at: now, unixTime: unixTime)
    return RateLimitFields.fields(
      QuotaSnapshot(name: name, usage: usage, acquired: 0, refused: 0, refunded: 0), at: now)
  }

  /// What the limiter knows.
  ///
  /// - Complexity: O(n) in the number of keys, a thousand at a time.
  public func snapshot() -> KeyedQuotaLimiterSnapshot {
    var counts = core.counts
    limiters.forEach { counts.add($0.counts) }
    return KeyedQuotaLimiterSnapshot(
      name: name, quotas: quotas, keys: limiters.count, acquired: counts.acquired, refused: counts.refused,
      refunded: counts.refunded)
  }

  @inlinable
  @inline(__always)
  func limiter(of key: Key, at now: Instant, _ unixTime: UnixTime?) -> QuotaLimiter? {
    limiters.find(key) ?? make(key, at: now, unixTime)
  }

  @usableFromInline
  @inline(never)
  func make(_ key: Key, at now: Instant, _ unixTime: UnixTime?) -> QuotaLimiter? {
    let reading = core.reading(at: now, unixTime)
    let limiter = limiters.make(
      key, at: now, asNewFrom: { $0.idleFrom(reading) }, retire: core.retire, core.make)
    // An update may have looked for it before it was there.
    if let limiter { core.bringUpToDate(limiter, at: now, unixTime) }
    return limiter
  }

  /// Takes permits, or throws the rejection.
  @inlinable
  @inline(never)
  func enter(_ permits: Int, _ key: Key, _ context: inout CallContext) throws {
    if permits == 0 { return }
    let now = context.now
    guard let limiter = limiter(of: key, at: now, nil) else {
      let retryAt = refuseNewKey(permits, key, at: now, observer: context)
      throw RateLimited(limiter: name, reason: .tooManyKeys, retryAt: retryAt, at: now)
    }
    let decision = limiter.tryAcquire(permits, at: now)
    guard decision != .acquired else { return }
    core.tell(decision, permits, "\(key)", at: now, context)
    throw limiter.rejection(decision, permits, at: now)
  }

  @usableFromInline
  @inline(never)
  func refuseNewKey(_ permits: Int, _ key: Key, at now: Instant, observer: CallContext?) -> Instant {
    let retryAt = limiters.retryAt(now)
    core.countRefusal()
    core.tell(.refused(retryAt: retryAt), permits, "\(key)", at: now, observer)
    return retryAt
  }

  /// Puts the permits of a call back that a layer inside has refused: nothing ran.
  @usableFromInline
  @inline(never)
  func refund(
    _ permits: Int, _ key: @autoclosure () -> Key, takenAt instant: Instant, ifRefusal error: any Error
  ) {
    if ErrorKind(of: error).contains(.rejection) { refund(permits, key: key(), takenAt: instant) }
  }
}
