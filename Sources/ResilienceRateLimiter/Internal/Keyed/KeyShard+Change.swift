internal import ResilienceCore

extension KeyShard {
  /// Gives permits of a key back, as many as are missing.
  ///
  /// A key whose bucket is full thereby keeps its place until places are counted, as one that has filled by
  /// itself.
  mutating func refund(_ permits: Int, to key: Key, hash: UInt32, at now: Instant) {
    guard let index = table.find(key, hash: hash) else { return }
    if OwnBuckets.isMark(table[index]) {
      if own.refund(permits, of: table[index], at: now) { refunded &+= permits }
      return
    }
    guard let ticks = rate.ticks(at: now, since: origin) else { return }
    let present = max(floor, ticks)
    guard table[index] > present else { return }
    table[index] = rate.refunding(permits, to: table[index], at: present)
    refunded &+= permits
  }

  /// Goes on with another rate; each key goes on owing the permits that have not come back. Those that have a
  /// limit of their own keep it.
  ///
  /// An instant from before the last taking counts as that: at an earlier one more would be owed than was
  /// ever taken.
  mutating func change(to other: GenericCellRate, at now: Instant) {
    forget(at: now)
    let now = max(now, lastTaking())
    let ticks = rate.ticks(at: now, since: origin) ?? moveOrigin(to: now)
    let later = other.origin(for: now)
    let laterTicks = other.ticks(at: now, since: later) ?? 0
    let rate = rate
    table.forEachValue { state in
      if !OwnBuckets.isMark(state) { state = laterTicks + rate.owed(state - ticks, at: other) }
    }
    // As `now` is no earlier than the floor was: what is forgotten stays forgotten.
    (floor, origin, self.rate) = (laterTicks, later, other)
    greatestOwed = greatestState()
  }

  private mutating func lastTaking() -> Instant {
    instant(at: lastTaking(before: greatestState()))
  }

  /// The ticks of an instant that has passed: whoever takes permits leaves the bucket full a capacity later
  /// at the latest.
  func lastTaking(before state: Int64) -> Int64 {
    state > greatestOwed ? max(floor, state - rate.capacity) : floor
  }

  /// The first instant at which so many ticks have passed.
  func instant(at ticks: Int64) -> Instant {
    guard rate.ticksPerNanosecond > 0 else { return .distantPast }
    let (whole, rest) = ticks.quotientAndRemainder(dividingBy: rate.ticksPerNanosecond)
    return origin.advanced(byNanoseconds: rest > 0 ? whole + 1 : whole)
  }

  /// The greatest of all states; that of a full bucket, if there are none.
  private mutating func greatestState() -> Int64 {
    var greatest = GenericCellRate.full
    table.forEachValue { state in if !OwnBuckets.isMark(state) { greatest = max(greatest, state) } }
    return greatest
  }
}

extension GenericCellRate {
  /// Ticks in which as many permits come back at another rate.
  func owed(_ ticks: Int64, at other: GenericCellRate) -> Int64 {
    guard interval > 0 else { return 0 }
    let debt = Int128(max(0, ticks)) * Int128(other.interval)
    return min(1 << 62, Int64(clamping: (debt + Int128(interval) - 1) / Int128(interval)))
  }
}
