internal import ResilienceCore

/// A bucket that remembers its reservations, so that each can be taken back as if it had never been made.
///
/// What is taken while there are some is kept in ``ReservationRow``. In ticks since the clock's zero point,
/// of 128 bits: exact and without a range.
struct ReservingBucket: Sendable {
  private(set) var rate: GenericCellRate
  /// When the bucket is full.
  private(set) var fullAt: Int128
  /// An instant that has passed, as permits were taken then, in nanoseconds.
  private var lastTaking = Int64.min
  private var reservations: Boxed<ReservationRow>?

  init(_ rate: GenericCellRate) {
    self.rate = rate
    fullAt = Steps.longAgo
  }

  var hasReservations: Bool { reservations?.value.isEmpty == false }

  private var capacity: Int128 { Int128(rate.capacity) }
  private func cost(_ permits: Int) -> Int128 { Int128(permits) * Int128(rate.interval) }
  private func ticks(_ now: Instant) -> Int128 { rate.ticks(now.nanoseconds) }

  /// Goes on from a state that the lock-free bucket has had in the meantime. There are no reservations then.
  mutating func resume(fullAt: Int128) {
    // Who takes permits leaves the bucket full a capacity later at the latest.
    if fullAt > self.fullAt, rate.isTimed {
      lastTaking = max(lastTaking, rate.nanoseconds(fullAt - capacity))
    }
    self.fullAt = fullAt
  }
}

// MARK: - Taking

extension ReservingBucket {
  /// Permits that can be taken.
  func available(at now: Instant) -> Int {
    if rate.isUnlimited { return rate.burst }
    return Int(max(0, capacity - max(0, fullAt - ticks(now))) / Int128(rate.interval))
  }

  /// Whether `permits` can be taken.
  func has(_ permits: Int, at now: Instant) -> Bool {
    max(0, fullAt - ticks(now)) + cost(permits) <= capacity
  }

  mutating func take(_ permits: Int, at now: Instant) -> Bool {
    let (instant, cost) = (ticks(now), cost(permits))
    guard max(fullAt, instant) + cost - instant <= capacity else { return false }
    lastTaking = max(lastTaking, now.nanoseconds)
    fullAt = max(fullAt, instant) + cost
    if let reservations { reservations.value.take(cost, at: instant, now) }
    return true
  }

  /// Takes all permits that are there.
  ///
  /// - Returns: How many; 0 without a limit.
  mutating func drain(at now: Instant) -> Int {
    let permits = rate.isUnlimited ? 0 : available(at: now)
    if permits > 0 { _ = take(permits, at: now) }
    return permits
  }

  /// When `permits` can be taken if nobody else but `waiting` ones are taken before; `nil` for never.
  func earliest(_ permits: Int, after waiting: Int, at now: Instant) -> Instant? {
    due(cost(waiting) + cost(permits), at: ticks(now)).map { instant($0, now) }
  }

  private func due(_ cost: Int128, at now: Int128) -> Int128? {
    let missing = max(fullAt, now) + cost - capacity - now
    guard missing > 0 else { return now }
    return rate.isTimed ? now + missing : nil
  }

  /// The first nanosecond that is not before `ticks`.
  private func instant(_ ticks: Int128, _ now: Instant) -> Instant {
    rate.isTimed ? Instant(nanoseconds: rate.nanoseconds(ticks)) : now
  }

  /// Puts permits back that were taken and not used, as many as are missing; reservations whose time has not
  /// come move up.
  mutating func refund(_ permits: Int, at now: Instant) {
    if hasReservations, let reservations {
      fullAt = reservations.value.refund(cost(permits), at: now)
    } else {
      fullAt -= min(cost(permits), max(0, fullAt - ticks(now)))
    }
  }
}

// MARK: - Reservations

extension ReservingBucket {
  /// Takes permits at the earliest instant at which they are there.
  ///
  /// - Returns: The number of the reservation; `nil` when no such instant will ever come.
  mutating func reserve(_ permits: Int, at now: Instant) -> UInt64? {
    guard let due = due(cost(permits), at: ticks(now)) else { return nil }
    let reservations = reservations ?? Boxed(ReservationRow(rate))
    self.reservations = reservations
    if reservations.value.isEmpty { reservations.value.begin(rate, fullAt: fullAt, at: now) }
    fullAt = max(fullAt, due) + cost(permits)
    return reservations.value.append(permits, cost(permits), at: now)
  }

  /// When the permits of a reservation are there; `nil` for one that is not there any more.
  func due(of id: UInt64) -> Instant? { reservations?.value.due(of: id) }

  /// Permits of the reservations whose time has not come.
  func pendingPermits(at now: Instant) -> Int { reservations?.value.pendingPermits(at: now) ?? 0 }

  /// Takes a reservation back, unless its time has passed; those that come after it, and whose time has not
  /// come, move up.
  ///
  /// - Returns: Whether it was taken back.
  mutating func cancel(_ id: UInt64, at now: Instant) -> Bool {
    guard let fullAt = reservations?.value.cancel(id, at: now) else { return false }
    self.fullAt = fullAt
    return true
  }

  /// Makes a reservation final: it cannot be taken back any more.
  ///
  /// - Returns: Whether it was there.
  mutating func settle(_ id: UInt64) -> Bool { reservations?.value.settle(id) == true }

  /// Changes the rate. What is owed stays, in permits: neither a higher nor a lower rate or burst forgives
  /// it.
  ///
  /// An instant from before the last taking counts as that: at an earlier one more would be owed than was
  /// ever taken.
  mutating func update(_ new: GenericCellRate, at now: Instant) {
    lastTaking = max(lastTaking, now.nanoseconds)
    if hasReservations, let reservations {
      fullAt = reservations.value.update(new, at: lastTaking)
    } else {
      fullAt = RateChange(from: rate, to: new, at: lastTaking).moved(fullAt)
    }
    rate = new
  }
}
