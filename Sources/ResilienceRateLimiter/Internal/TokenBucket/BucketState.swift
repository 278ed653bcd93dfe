internal import ResilienceCore

/// What a bucket keeps under its lock.
struct BucketState: Sendable {
  /// What a call that cannot pass at once is told.
  enum Admission: Sendable {
    case taken
    case queued(WaitingQueue.Place, due: Instant)
    case refused(RateLimited.Reason, retryAt: Instant?)
    case impossible
  }

  /// What the first in the queue does next.
  enum Turn: Sendable {
    /// It has left the queue, and who is granted `next` steps up.
    case taken(next: Waiter?)
    case sleep(until: Instant, Waiter)
    case late(retryAt: Instant?)
    case impossible
  }

  enum ReservationAnswer: Sendable {
    case reserved(UInt64)
    case refused(RateLimited.Reason, retryAt: Instant?)
    case impossible
  }

  private(set) var limit: RateLimit
  var bucket: ReservingBucket
  var queue = WaitingQueue()
  /// Whether the lock-free bucket has the permits, and not this one.
  var isLockFreeOpen = false

  init(_ limit: RateLimit) {
    self.limit = limit
    bucket = ReservingBucket(GenericCellRate(limit))
  }

  var fitsLockFreeBucket: Bool { queue.count == 0 && !bucket.hasReservations }

  mutating func take(_ permits: Int, at now: Instant) -> RateLimitDecision {
    if isImpossible(permits) { return .impossible }
    if permits == 0 || (queue.count == 0 && bucket.take(permits, at: now)) { return .acquired }
    return .refused(retryAt: earliest(permits, at: now))
  }

  /// When `permits` can be taken after all that wait; `nil` for never.
  func earliest(_ permits: Int, at now: Instant) -> Instant? {
    permits > limit.burst ? nil : bucket.earliest(permits, after: queue.permits, at: now)
  }

  // A rate of 0 may have no burst either: then it is not the caller who asks for too much.
  private func isImpossible(_ permits: Int) -> Bool {
    permits < 0 || (permits > limit.burst && limit.permits > 0)
  }

  /// Whether `permits` more may be waited for.
  func hasRoom(for permits: Int, maxWaiting: Int, at now: Instant) -> Bool {
    permits <= maxWaiting - queue.permits - bucket.pendingPermits(at: now)
  }
}

// MARK: - Waiting

extension BucketState {
  mutating func enqueue(_ permits: Int, maxWaiting: Int, deadline: Deadline, at now: Instant) -> Admission {
    switch take(permits, at: now) {
    case .acquired: return .taken
    case .impossible: return .impossible
    case .refused(nil): return .refused(.noPermit, retryAt: nil)
    case .refused(let due?):
      if deadline.hasPassed(at: due) { return .refused(.deadline, retryAt: due) }
      guard hasRoom(for: permits, maxWaiting: maxWaiting, at: now) else {
        return .refused(.queueFull, retryAt: due)
      }
      return .queued(queue.append(permits: permits, deadline: deadline), due: due)
    }
  }

  /// The turn of a place that was told so: it is the first, or has been taken out of the queue.
  mutating func turn(of place: WaitingQueue.Place, at now: Instant) -> Turn {
    guard queue.isFirst(place) else {
      return isImpossible(place.permits) ? .impossible : .late(retryAt: earliest(place.permits, at: now))
    }
    guard let due = bucket.earliest(place.permits, after: 0, at: now) else { return .late(retryAt: nil) }
    if place.deadline.hasPassed(at: due) { return .late(retryAt: due) }
    guard bucket.take(place.permits, at: now) else { return .sleep(until: due, queue.makeAlarm()) }
    return .taken(next: queue.remove(place))
  }

  mutating func reserve(_ permits: Int, maxWaiting: Int, at now: Instant) -> ReservationAnswer {
    if isImpossible(permits) { return .impossible }
    let due = earliest(permits, at: now)
    guard let due, queue.count == 0 else { return .refused(.noPermit, retryAt: due) }
    guard due <= now || hasRoom(for: permits, maxWaiting: maxWaiting, at: now) else {
      return .refused(.queueFull, retryAt: due)
    }
    return bucket.reserve(permits, at: now).map { .reserved($0) } ?? .refused(.noPermit, retryAt: nil)
  }

  /// Changes the limit.
  ///
  /// - Returns: Whom to wake. Grant them after the lock is released.
  mutating func update(_ new: RateLimit, at now: Instant) -> [Waiter] {
    limit = new
    bucket.update(GenericCellRate(new), at: now)
    return retime(at: now)
  }

  /// Takes permits back that were not used.
  ///
  /// - Returns: Whom to wake. Grant it after the lock is released.
  mutating func refund(_ permits: Int, at now: Instant) -> Waiter? {
    bucket.refund(permits, at: now)
    return queue.takeAlarm()
  }

  /// Takes all permits that are there.
  ///
  /// - Returns: How many, and whom to wake. Grant them after the lock is released.
  mutating func drain(at now: Instant) -> (permits: Int, woken: [Waiter]) {
    let permits = bucket.drain(at: now)
    return (permits, permits > 0 ? retime(at: now) : [])
  }

  private mutating func retime(at now: Instant) -> [Waiter] {
    queue.retime(burst: limit.burst) { [bucket] in bucket.earliest($0, after: $1, at: now) }
  }
}
