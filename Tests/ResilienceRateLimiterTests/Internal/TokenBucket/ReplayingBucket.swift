import ResilienceCore

@testable import ResilienceRateLimiter

/// What ``ReservingBucket`` does, by playing everything again for each change.
///
/// One that is never there counts as taken from a bucket that is full, too, and time does not go back for
/// `pendingPermits`.
///
/// Taking `cost` at `instant` turns the instant at which the bucket is full from `x` into
/// `max(x, instant) + cost`. Such steps compose to one of the same shape, so between two reservations there
/// is only ever one; taking a reservation back joins the steps before and after it. In ticks since the
/// clock's zero point, of 128 bits: exact and without a range.
struct ReplayingBucket: Sendable {
  /// What happened after the last reservation before: `x` becomes `max(x + sum, floor)`.
  struct Steps: Sendable {
    var sum: Int128 = 0
    var floor: Int128 = ReplayingBucket.longAgo

    func applied(to x: Int128) -> Int128 { max(x + sum, floor) }

    mutating func append(cost: Int128, at instant: Int128) {
      append(Steps(sum: cost, floor: instant + cost))
    }

    mutating func append(_ next: Steps) {
      self = Steps(sum: sum + next.sum, floor: max(floor + next.sum, next.floor))
    }
  }

  private struct Entry: Sendable {
    let id: UInt64
    let permits: Int
    var cost: Int128
    /// The very tick at which the permits are there.
    var due: Int128
    /// What the holder is told: the nanosecond in which it falls.
    var dueInstant: Instant
    var after = Steps()

    func taken(from x: Int128) -> Int128 { max(x, due == ReplayingBucket.never ? 0 : due) + cost }
  }

  private(set) var rate: GenericCellRate
  /// When the bucket is full.
  private(set) var fullAt: Int128
  /// When it was, or would have been, before the first of the reservations.
  private var base: Int128
  private var entries: [Entry] = []
  /// The latest instant that was told since there are reservations, in nanoseconds.
  private var latest = Int64.min
  /// An instant that has passed, as permits were taken then, in nanoseconds.
  private var lastTaking = Int64.min
  private var lastID: UInt64 = 0

  // Far enough from the end that nothing overflows.
  private static var longAgo: Int128 { .min / 4 }
  private static var never: Int128 { .max }

  init(_ rate: GenericCellRate) {
    self.rate = rate
    fullAt = Self.longAgo
    base = Self.longAgo
  }

  var hasReservations: Bool { !entries.isEmpty }

  private var scale: Int128 { Int128(rate.ticksPerNanosecond) }
  private var capacity: Int128 { Int128(rate.capacity) }
  private func cost(_ permits: Int) -> Int128 { Int128(permits) * Int128(rate.interval) }
  private func ticks(_ now: Instant) -> Int128 { Int128(now.nanoseconds) * scale }

  /// Goes on from a state that the lock-free bucket has had in the meantime. There are no reservations then.
  mutating func resume(fullAt: Int128) {
    // Who takes permits leaves the bucket full a capacity later at the latest.
    if fullAt > self.fullAt, rate.isTimed {
      lastTaking = max(lastTaking, Int64(clamping: (fullAt - capacity).dividedRoundingUp(by: scale)))
    }
    self.fullAt = fullAt
    base = fullAt
  }
}

// MARK: - Taking

extension ReplayingBucket {
  /// Permits that can be taken.
  func available(at now: Instant) -> Int {
    if rate.isUnlimited { return rate.burst }
    return Int(max(0, capacity - max(0, fullAt - ticks(now))) / Int128(rate.interval))
  }

  mutating func take(_ permits: Int, at now: Instant) -> Bool {
    let instant = ticks(now)
    guard max(fullAt, instant) + cost(permits) - instant <= capacity else { return false }
    latest = max(latest, now.nanoseconds)
    lastTaking = max(lastTaking, now.nanoseconds)
    fullAt = max(fullAt, instant) + cost(permits)
    if entries.isEmpty {
      base = fullAt
    } else {
      entries[entries.count - 1].after.append(cost: cost(permits), at: instant)
    }
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
    due(cost(waiting) + cost(permits), after: fullAt, at: ticks(now)).map { instant($0, now) }
  }

  private func due(_ cost: Int128, after fullAt: Int128, at now: Int128) -> Int128? {
    let missing = max(fullAt, now) + cost - capacity - now
    guard missing > 0 else { return now }
    return rate.isTimed ? now + missing : nil
  }

  /// The first nanosecond that is not before `ticks`.
  private func instant(_ ticks: Int128, _ now: Instant) -> Instant {
    rate.isTimed ? Instant(nanoseconds: Int64(clamping: ticks.dividedRoundingUp(by: scale))) : now
  }
}

// MARK: - Giving back

extension ReplayingBucket {
  /// Puts permits back that were taken and not used, as many as are missing; reservations whose time has not
  /// come move up.
  mutating func refund(_ permits: Int, at now: Instant) {
    let present = entries.isEmpty ? now.nanoseconds : max(latest, now.nanoseconds)
    let pending = entries.firstIndex { $0.dueInstant.nanoseconds > present } ?? entries.count
    let missing = fullAt(before: pending) - Int128(present) * scale
    latest = present
    join(Steps(sum: -min(cost(permits), max(0, missing))), at: pending)
    replay(from: pending)
  }

  /// When the bucket would be full without the reservations from `index` on.
  private func fullAt(before index: Int) -> Int128 {
    entries.prefix(index).reduce(base) { $1.after.applied(to: $1.taken(from: $0)) }
  }
}

// MARK: - Reservations

extension ReplayingBucket {
  /// Takes permits at the earliest instant at which they are there.
  ///
  /// - Returns: The number of the reservation; `nil` when no such instant will ever come.
  mutating func reserve(_ permits: Int, at now: Instant) -> UInt64? {
    guard let due = due(cost(permits), after: fullAt, at: ticks(now)) else { return nil }
    latest = entries.isEmpty ? now.nanoseconds : max(latest, now.nanoseconds)
    lastID += 1
    entries.append(
      Entry(
        id: lastID, permits: permits, cost: cost(permits), due: due, dueInstant: instant(due, now)))
    fullAt = max(fullAt, due) + cost(permits)
    return lastID
  }

  /// When the permits of a reservation are there; `nil` for one that is not there any more.
  func due(of id: UInt64) -> Instant? {
    index(of: id).map { entries[$0].dueInstant }
  }

  /// Permits of the reservations whose time has not come.
  func pendingPermits(at now: Instant) -> Int {
    let now = Instant(nanoseconds: max(latest, now.nanoseconds))
    return entries.reversed().prefix { $0.due > ticks(now) }.reduce(0) { sum, entry in
      let (more, overflow) = sum.addingReportingOverflow(entry.permits)
      return overflow ? .max : more
    }
  }

  /// Takes a reservation back, unless its time has passed; those that come after it, and whose time has not
  /// come, move up.
  ///
  /// - Returns: Whether it was taken back.
  mutating func cancel(_ id: UInt64, at now: Instant) -> Bool {
    guard let index = index(of: id) else { return false }
    latest = max(latest, now.nanoseconds)
    guard entries[index].dueInstant.nanoseconds >= latest else { return false }
    join(entries.remove(at: index).after, at: index)
    replay(from: index)
    return true
  }

  /// Makes a reservation final: it cannot be taken back any more.
  ///
  /// - Returns: Whether it was there.
  mutating func settle(_ id: UInt64) -> Bool {
    guard let index = index(of: id) else { return false }
    let entry = entries.remove(at: index)
    var steps = Steps(sum: entry.cost, floor: (entry.due == Self.never ? 0 : entry.due) + entry.cost)
    steps.append(entry.after)
    join(steps, at: index)
    return true
  }

  private func index(of id: UInt64) -> Int? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].id == id ? low : nil
  }

  /// Appends steps to what comes before the entry at `index`.
  private mutating func join(_ steps: Steps, at index: Int) {
    if index == 0 { base = steps.applied(to: base) } else { entries[index - 1].after.append(steps) }
  }

  /// Works out the dues of the entries from `index` on that are still to come, and when the bucket is full.
  private mutating func replay(from first: Int) {
    let now = Int128(latest) * scale
    fullAt = base
    for index in entries.indices {
      if index >= first, entries[index].due > now {
        let due = due(entries[index].cost, after: fullAt, at: now)
        entries[index].due = due ?? Self.never
        entries[index].dueInstant =
          due.map { instant($0, Instant(nanoseconds: latest)) } ?? Instant(nanoseconds: .max)
      }
      fullAt = entries[index].after.applied(to: entries[index].taken(from: fullAt))
    }
  }
}

// MARK: - Another rate

extension ReplayingBucket {
  /// Changes the rate. What is owed stays, in permits: neither a higher nor a lower rate or burst forgives
  /// it.
  ///
  /// An instant from before the last taking counts as that: at an earlier one more would be owed than was
  /// ever taken.
  mutating func update(_ new: GenericCellRate, at now: Instant) {
    let old = rate
    lastTaking = max(lastTaking, now.nanoseconds)
    latest = entries.isEmpty ? lastTaking : max(latest, lastTaking)
    let (oldLatest, newLatest) = (Int128(latest) * scale, Int128(latest) * Int128(new.ticksPerNanosecond))
    func moved(_ instant: Int128) -> Int128 {
      instant > Self.longAgo / 2
        ? max(Self.longAgo, newLatest + Self.scaled(instant - oldLatest, from: old, to: new)) : Self.longAgo
    }
    func moved(_ steps: Steps) -> Steps {
      Steps(sum: Self.scaled(steps.sum, from: old, to: new), floor: moved(steps.floor))
    }
    base = moved(base)
    for index in entries.indices {
      entries[index].cost = Self.scaled(entries[index].cost, from: old, to: new)
      entries[index].due = entries[index].due <= oldLatest ? moved(entries[index].due) : Self.never
      entries[index].after = moved(entries[index].after)
    }
    rate = new
    replay(from: 0)
  }

  /// The ticks of as many permits, rounded up; what was taken without a limit was no permits.
  private static func scaled(_ ticks: Int128, from old: GenericCellRate, to new: GenericCellRate) -> Int128 {
    if old.isUnlimited { return 0 }
    let (permits, rest) = ticks.quotientAndRemainder(dividingBy: Int128(old.interval))
    guard permits > Int128(Int64.min) else { return longAgo }
    let part = (rest * Int128(new.interval)).dividedRoundingUp(by: Int128(old.interval))
    return min(permits, Int128(Int64.max)) * Int128(new.interval) + part
  }
}

extension Int128 {
  fileprivate func dividedRoundingUp(by divisor: Int128) -> Int128 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder > 0 ? quotient + 1 : quotient
  }
}
