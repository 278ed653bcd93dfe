public import ResilienceCore

/// The buckets of some of a limiter's keys.
///
/// A bucket that is full is the same as none. So a key takes one of the limiter's places when its bucket is
/// not full any more, whether its slot is still there or not, and which slots are still there is nobody's
/// business.
@usableFromInline
struct KeyShard<Key: Hashable & Sendable>: ~Copyable, Sendable {
  @usableFromInline enum Step {
    case acquired
    case refused(retryAt: Instant?)
    /// There is no slot, or the instant cannot be counted from the origin: ``prepare(at:)``, and again.
    case unprepared
    /// The key needs a place, and none is free.
    case noPlace
  }

  @usableFromInline var rate: GenericCellRate
  @usableFromInline var origin = Instant.distantPast
  @usableFromInline var table = KeyTable<Key, Int64>()
  /// Of the keys whose value in the table is a mark and no state.
  @usableFromInline var own = OwnBuckets()
  /// Buckets that were full by then may have been forgotten: all of them count as if they had been, so that
  /// an instant from before finds no permit that was taken.
  @usableFromInline var floor = GenericCellRate.full
  /// Places its keys have taken that were not given back; those of buckets that are full by now are among
  /// them.
  @usableFromInline var placesTaken = 0
  @usableFromInline var acquired = 0
  @usableFromInline var refused = 0
  @usableFromInline var refunded = 0
  /// The greatest of the states when the rate was last changed: one beyond it was set by a taking since.
  @usableFromInline var greatestOwed = GenericCellRate.full

  @inlinable
  init(rate: GenericCellRate) { self.rate = rate }

  /// Takes permits of a key.
  ///
  /// - Parameter places: How many more keys may have a bucket that is not full.
  @inlinable
  @inline(__always)
  mutating func take(
    _ permits: Int, of key: Key, hash: UInt32, at now: Instant, places: borrowing FreePlaces
  ) -> Step {
    guard let ticks = rate.ticks(at: now, since: origin), table.capacity > 0 else { return .unprepared }
    let index = table.index(of: key, hash: hash)
    let isKnown = table.isTaken(index)
    let state = isKnown ? max(floor, table[index]) : floor
    guard let next = rate.taking(permits, from: state, at: ticks) else {
      if OwnBuckets.isMark(state) { return takeOwn(permits, of: state, at: now) }
      refused &+= 1
      return .refused(retryAt: earliest(permits, from: state, at: ticks, now))
    }
    if state > max(floor, ticks) {
      table[index] = next
    } else if next > ticks {
      guard isKnown || table.hasSpace else { return .unprepared }
      guard places.take() else { return .noPlace }
      placesTaken &+= 1
      if isKnown {
        table[index] = next
      } else {
        table.add(key, hash: hash, next, at: index)
      }
    }
    // Without a limit the bucket stays full, and needs no slot.
    acquired &+= permits
    return .acquired
  }

  @inlinable
  @inline(never)
  func earliest(_ permits: Int, from state: Int64, at ticks: Int64, _ now: Instant) -> Instant? {
    rate.wait(permits, from: state, at: ticks).map { now.advanced(byNanoseconds: $0) }
  }
}

// MARK: - Room

extension KeyShard {
  /// Makes `now` countable, and room for one more key at least.
  ///
  /// - Returns: The table that was replaced, to be released after the lock: its keys are the user's.
  @inlinable
  mutating func prepare(at now: Instant) -> KeyTable<Key, Int64>? {
    forget(at: now)
    guard !table.hasSpace else { return nil }
    return replaceTable(for: countOwing(at: floor).count + 1)
  }

  /// Replaces a table that is more than twice as large as needed.
  @inlinable
  mutating func shrink(at now: Instant) -> KeyTable<Key, Int64>? {
    guard table.capacity > 0 else { return nil }
    forget(at: now)
    let needed = countOwing(at: floor).count
    guard needed == 0 || KeyTable<Key, Int64>.capacity(for: needed) * 2 < table.capacity else { return nil }
    return replaceTable(for: needed)
  }

  /// Counts the keys whose bucket is not full at `now`, and gives the places of the others back; those are
  /// forgotten.
  ///
  /// - Returns: Also when the first of them is full, `nil` for never.
  @inlinable
  mutating func freePlaces(of places: borrowing FreePlaces, at now: Instant) -> (
    taken: Int, nextFree: Instant?
  ) {
    forget(at: now)
    let (count, least) = countOwing(at: floor)
    places.giveBack(placesTaken &- count)
    placesTaken = count
    guard count > 0, rate.ticksPerNanosecond > 0, !OwnBuckets.isMark(least) else { return (count, nil) }
    let nanoseconds = (least &- floor &- 1) / rate.ticksPerNanosecond &+ 1
    return (count, now.advanced(byNanoseconds: nanoseconds))
  }

  /// Keys whose bucket is not full at `now`, or that have a limit of their own.
  mutating func keys(at now: Instant) -> Int {
    countOwing(at: max(floor, rate.ticks(at: now, since: origin) ?? .max)).count
  }

  /// Permits that the key could take at `now`.
  @usableFromInline
  func available(of key: Key, hash: UInt32, at now: Instant) -> Int {
    let state = table.find(key, hash: hash).map { table[$0] } ?? floor
    if OwnBuckets.isMark(state) { return own[state].available(at: now) }
    guard let ticks = rate.ticks(at: now, since: origin) else { return rate.burst }
    return rate.available(max(floor, state), at: ticks)
  }

  /// How many keys' buckets are not full or have a limit of their own, and the least of their states.
  @inlinable
  mutating func countOwing(at ticks: Int64) -> (count: Int, least: Int64) {
    var (count, least) = (0, Int64.max)
    table.forEachValue { state in
      guard state > ticks else { return }
      count &+= 1
      least = min(least, state)
    }
    return (count, least)
  }

  @inlinable
  mutating func forget(at now: Instant) {
    // First the ticks: the floor moves along with the origin.
    let ticks = rate.ticks(at: now, since: origin) ?? moveOrigin(to: now)
    floor = max(floor, ticks)
  }

  @inlinable
  mutating func replaceTable(for count: Int) -> KeyTable<Key, Int64> {
    let floor = floor
    return table.replace(for: count) { state in state > floor }
  }

  @usableFromInline
  mutating func moveOrigin(to now: Instant) -> Int64 {
    let (rate, earlier, later) = (rate, origin, rate.origin(for: now))
    table.forEachValue { state in
      if !OwnBuckets.isMark(state) { state = rate.moved(state, from: earlier, to: later) }
    }
    floor = rate.moved(floor, from: earlier, to: later)
    greatestOwed = rate.moved(greatestOwed, from: earlier, to: later)
    origin = later
    return rate.ticks(at: now, since: later) ?? 0
  }
}
