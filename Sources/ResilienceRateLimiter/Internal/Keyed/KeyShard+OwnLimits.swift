public import ResilienceCore

extension KeyShard {
  @inlinable
  @inline(never)
  mutating func takeOwn(_ permits: Int, of mark: Int64, at now: Instant) -> Step {
    guard case .refused(let retryAt) = own.take(permits, of: mark, at: now) else {
      acquired &+= permits
      return .acquired
    }
    refused &+= 1
    return .refused(retryAt: retryAt)
  }

  /// Gives a key a limit of its own, or changes it. The key keeps a place as long as it has one.
  mutating func setLimit(
    _ limit: RateLimit, of key: Key, hash: UInt32, at now: Instant, places: borrowing FreePlaces
  ) -> Step {
    guard let ticks = rate.ticks(at: now, since: origin), table.capacity > 0 else { return .unprepared }
    let index = table.index(of: key, hash: hash)
    let isKnown = table.isTaken(index)
    let state = isKnown ? max(floor, table[index]) : floor
    if OwnBuckets.isMark(state) {
      own.update(limit, of: state, at: now)
      return .acquired
    }
    guard isKnown || table.hasSpace else { return .unprepared }
    if state <= max(floor, ticks) {
      guard places.take() else { return .noPlace }
      placesTaken &+= 1
    }
    let present = max(ticks, lastTaking(before: state))
    let mark = own.add(
      OwnBucket(limit, owing: max(0, state - present), of: rate, at: max(now, instant(at: present))))
    if isKnown { table[index] = mark } else { table.add(key, hash: hash, mark, at: index) }
    return .acquired
  }

  /// Lets a key go by the shard's rate again.
  ///
  /// - Returns: Whether it had a limit of its own.
  mutating func removeLimit(of key: Key, hash: UInt32, at now: Instant) -> Bool {
    guard let index = table.find(key, hash: hash), case let mark = table[index], OwnBuckets.isMark(mark)
    else {
      return false
    }
    var bucket = own.remove(mark)
    let now = max(now, bucket.lastTaking)
    let ticks = rate.ticks(at: now, since: origin) ?? moveOrigin(to: now)
    let state = max(floor, ticks) + bucket.owed(at: now, in: rate)
    table[index] = state
    greatestOwed = max(greatestOwed, state)
    return true
  }

  /// The key's own limit; `nil` when it has none.
  func ownLimit(of key: Key, hash: UInt32) -> RateLimit? {
    guard own.count > 0, let index = table.find(key, hash: hash), case let mark = table[index],
      OwnBuckets.isMark(mark)
    else { return nil }
    return own[mark].limit
  }
}
