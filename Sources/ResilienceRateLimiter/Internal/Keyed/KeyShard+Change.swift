internal import ResilienceCore

extension KeyShard {
  /// Gives permits of a key back, as many as are missing.
  ///
  /// A key whose bucket is full thereby keeps its place until places are counted, as one that has filled by
  /// itself.
  mutating func refund(_ permits: Int, to key: Key, hash: UInt32, at now: Instant) {
    guard let ticks = rate.ticks(at: now, since: origin), table.capacity > 0 else { return }
    let index = table.index(of: key, hash: hash)
    let present = max(floor, ticks)
    guard table.hash(index) != 0, table.state(index) > present else { return }
    table.setState(index, rate.refunding(permits, to: table.state(index), at: present))
    refunded &+= permits
  }

  /// Goes on with another rate; each key goes on owing the permits that have not come back.
  ///
  /// An instant from before the last taking counts as that: at an earlier one more would be owed than was
  /// ever taken.
  mutating func change(to other: GenericCellRate, at now: Instant) {
    forget(at: now)
    let now = max(now, lastTaking())
    let ticks = rate.ticks(at: now, since: origin) ?? moveOrigin(to: now)
    let later = other.origin(for: now)
    let laterTicks = other.ticks(at: now, since: later) ?? 0
    for index in 0..<table.capacity {
      table.setState(index, laterTicks + owed(table.state(index) - ticks, at: other))
    }
    // As `now` is no earlier than the floor was: what is forgotten stays forgotten.
    (floor, origin, rate) = (laterTicks, later, other)
    greatestOwed = table.greatestState
  }

  /// An instant that has passed: whoever takes permits leaves the bucket full a capacity later at the latest.
  private func lastTaking() -> Instant {
    guard rate.ticksPerNanosecond > 0 else { return Instant(nanoseconds: .min) }
    let greatest = table.greatestState
    let passed = greatest > greatestOwed ? max(floor, greatest - rate.capacity) : floor
    let (whole, rest) = passed.quotientAndRemainder(dividingBy: rate.ticksPerNanosecond)
    return origin.advanced(byNanoseconds: rest > 0 ? whole + 1 : whole)
  }

  /// Ticks in which as many permits come back at another rate.
  private func owed(_ ticks: Int64, at other: GenericCellRate) -> Int64 {
    guard rate.interval > 0 else { return 0 }
    let debt = Int128(max(0, ticks)) * Int128(other.interval)
    return min(1 << 62, Int64(clamping: (debt + Int128(rate.interval) - 1) / Int128(rate.interval)))
  }
}
