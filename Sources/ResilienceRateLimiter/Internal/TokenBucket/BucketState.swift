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
  let maxWaiting: Int
  let eventQueue: EventQueue<RateLimitEvent>?
  /// Of the permits given out, those that were given back.
  var refunded = 0
  var bucket: ReservingBucket
  /// First come, first served. Each waits for its turn; the first one has it, and waits for its permits.
  /// Nothing is taken in advance, so a call that gives up has nothing to give back.
  private(set) var queue = WaitingQueue("TokenBucket.acquire")
  /// What the first in the queue sleeps on.
  private var alarm: Waiter?
  /// Whether the limit was changed. How the present debt came about is then no longer to be seen from it.
  private(set) var isUpdated = false
  /// The state of the lock-free bucket when it was closed last; -1 before.
  var closedState: Int64 = -1

  init(
    _ limit: RateLimit, maxWaiting: Int = LightBucket.maxWaiting,
    eventQueue: EventQueue<RateLimitEvent>? = nil
  ) {
    self.limit = limit
    self.maxWaiting = maxWaiting
    self.eventQueue = eventQueue
    bucket = ReservingBucket(GenericCellRate(limit))
  }

  /// What a light bucket stands for.
  init(_ light: LightBucket, _ rate: GenericCellRate) {
    limit = light.limit(burst: rate.burst)
    maxWaiting = LightBucket.maxWaiting
    eventQueue = nil
    refunded = Int(light.refunded)
    bucket = ReservingBucket(rate)
  }

  var fitsLockFreeBucket: Bool { queue.isEmpty && !bucket.hasReservations }

  /// Whether nothing waits, nothing is reserved or was changed, nobody listens, and time passes.
  var isUsual: Bool {
    fitsLockFreeBucket && !isUpdated && (bucket.rate.isTimed || bucket.rate.isUnlimited)
      && maxWaiting == LightBucket.maxWaiting && eventQueue == nil
  }

  mutating func take(_ permits: Int, at now: Instant) -> RateLimitDecision {
    if isImpossible(permits) { return .impossible }
    if permits == 0 || (queue.isEmpty && bucket.take(permits, at: now)) { return .acquired }
    return .refused(retryAt: earliest(permits, at: now))
  }

  /// When `permits` can be taken after all that wait; `nil` for never.
  func earliest(_ permits: Int, at now: Instant) -> Instant? {
    permits > limit.burst ? nil : bucket.earliest(permits, after: queue.amount, at: now)
  }

  // A rate of 0 may have no burst either: then it is not the caller who asks for too much.
  private func isImpossible(_ permits: Int) -> Bool {
    permits < 0 || (permits > limit.burst && limit.permits > 0)
  }

  /// Whether `permits` more may be waited for: as many as there may be, but where nobody waits so far, any
  /// that the bucket ever holds.
  func hasRoom(for permits: Int, at now: Instant) -> Bool {
    let pending = bucket.pendingPermits(at: now)
    return permits <= maxWaiting - queue.amount - pending
      || (maxWaiting > 0 && queue.isEmpty && pending == 0)
  }
}

// MARK: - Waiting

extension BucketState {
  mutating func enqueue(_ permits: Int, deadline: Deadline, at now: Instant) -> Admission {
    switch take(permits, at: now) {
    case .acquired: return .taken
    case .impossible: return .impossible
    case .refused(nil): return .refused(.noPermit, retryAt: nil)
    case .refused(let due?):
      if deadline.hasPassed(at: due) { return .refused(.deadline, retryAt: due) }
      guard hasRoom(for: permits, at: now) else {
        return .refused(.queueFull, retryAt: due)
      }
      let place = queue.insert(permits, until: deadline)
      if queue.count == 1 { place.turn.grant() }
      return .queued(place, due: due)
    }
  }

  /// The turn of a place that was told so: it is the first, or has been taken out of the queue.
  mutating func turn(of place: WaitingQueue.Place, at now: Instant) -> Turn {
    let permits = place.amount
    guard queue.first?.number == place.number else {
      return isImpossible(permits) ? .impossible : .late(retryAt: earliest(permits, at: now))
    }
    guard let due = bucket.earliest(permits, after: 0, at: now) else { return .late(retryAt: nil) }
    if place.deadline.hasPassed(at: due) { return .late(retryAt: due) }
    if bucket.take(permits, at: now) { return .taken(next: remove(place)) }
    let alarm = Waiter("TokenBucket.acquire")
    self.alarm = alarm
    return .sleep(until: due, alarm)
  }

  /// Takes a place out of the queue.
  ///
  /// - Returns: The one whose turn it is now, if that has changed. Grant it after the lock is released.
  mutating func remove(_ place: WaitingQueue.Place) -> Waiter? {
    let wasFirst = queue.first?.number == place.number
    guard queue.remove(place), wasFirst else { return nil }
    alarm = nil
    return queue.first?.turn
  }

  /// Lets the first in the queue look again. Grant it after the lock is released.
  mutating func takeAlarm() -> Waiter? { alarm.take() }

  mutating func reserve(_ permits: Int, at now: Instant) -> ReservationAnswer {
    if isImpossible(permits) { return .impossible }
    if !queue.isEmpty || !bucket.has(permits, at: now) {
      let due = earliest(permits, at: now)
      guard let due, queue.isEmpty else { return .refused(.noPermit, retryAt: due) }
      guard hasRoom(for: permits, at: now) else { return .refused(.queueFull, retryAt: due) }
    }
    return bucket.reserve(permits, at: now).map { .reserved($0) } ?? .refused(.noPermit, retryAt: nil)
  }

  /// Changes the limit.
  ///
  /// - Returns: Whom to wake. Grant them after the lock is released.
  mutating func update(_ new: RateLimit, at now: Instant) -> [Waiter] {
    limit = new
    isUpdated = true
    bucket.update(GenericCellRate(new), at: now)
    return retime(at: now)
  }

  /// Takes permits back that were not used.
  ///
  /// - Returns: Whom to wake. Grant it after the lock is released.
  mutating func refund(_ permits: Int, at now: Instant) -> Waiter? {
    refunded &+= permits
    bucket.refund(permits, at: now)
    return takeAlarm()
  }

  /// Takes all permits that are there.
  ///
  /// - Returns: How many, and whom to wake. Grant them after the lock is released.
  mutating func drain(at now: Instant) -> (permits: Int, woken: [Waiter]) {
    let permits = bucket.drain(at: now)
    return (permits, permits > 0 ? retime(at: now) : [])
  }

  /// Takes those out of the queue whose turn comes too late now, and lets the first one look again.
  private mutating func retime(at now: Instant) -> [Waiter] {
    var woken = takeAlarm().map { [$0] } ?? []
    var before = 0
    for place in queue.places {
      if let due = place.amount <= limit.burst ? bucket.earliest(place.amount, after: before, at: now) : nil,
        !place.deadline.hasPassed(at: due)
      {
        before += place.amount
      } else {
        queue.remove(place)
        woken.append(place.turn)
      }
    }
    if let first = queue.first { woken.append(first.turn) }
    return woken
  }
}
