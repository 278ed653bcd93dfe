public import Synchronization

/// One object for each key, made when it is first asked for, and forgotten when it is as new and nobody
/// holds it: whether it is still there makes no difference.
///
/// The number is bounded. Each key is in one of many shards, each with a lock and a table of its own for
/// about a thousand keys, which are visited one after the other. What room there is for new keys does not
/// depend on how keys hash.
@usableFromInline
package struct KeyedObjects<Key: Hashable & Sendable, Object: AnyObject & Sendable>: ~Copyable, Sendable {
  @usableFromInline typealias Table = KeyTable<Key, Object>

  @usableFromInline package let maxKeys: Int
  @usableFromInline let shards: ShardArray<KeyTable<Key, Object>>
  @usableFromInline let places: FreePlaces
  /// How many objects there are when it is time to look for some that can be forgotten.
  @usableFromInline let sweepCount: Atomic<Int>
  @usableFromInline let isSweeping = Atomic<Bool>(false)
  /// Not before then, when the last sweep has found no room.
  @usableFromInline let nextSweep = Atomic<Int64>(.min)
  /// When the first that was looked at last will be as new, as far as can be told.
  @usableFromInline let nextFree = Atomic<Int64>(.min)

  /// - Parameter maxKeys: The most objects that are kept at one time, 1 or more.
  @inlinable
  package init(maxKeys: Int) {
    self.maxKeys = maxKeys
    shards = ShardArray(forKeys: maxKeys, most: 4096) { KeyTable<Key, Object>() }
    places = FreePlaces(maxKeys)
    sweepCount = Atomic(min(maxKeys, Self.smallestSweep))
  }

  @inlinable static var smallestSweep: Int { 256 }

  package var count: Int { maxKeys - places.count }

  /// When there may be room again, for a key that has found none.
  @usableFromInline
  package func retryAt(_ now: Instant) -> Instant {
    let (sweep, free) = (nextSweep.load(ordering: .relaxed), nextFree.load(ordering: .relaxed))
    return max(now, Instant(nanoseconds: free < .max ? max(sweep, free) : sweep))
  }
}

// MARK: - Asking

extension KeyedObjects {
  /// The object of a key, if there is one.
  @inlinable
  @inline(__always)
  package func find(_ key: Key) -> Object? {
    let (index, hash) = shards.place(of: key.hashValue)
    return shards[index].withLock { table in table.find(key, hash: hash).map { table[$0] } }
  }

  /// Makes the object of a key that ``find(_:)`` has not found.
  ///
  /// - Parameters:
  ///   - asNewFrom: From when on an object does what a new one would do, if nobody asks for it: now or before
  ///     for one that may be forgotten, `Instant(nanoseconds: .max)` where that cannot be told. It is called
  ///     under a lock: some instructions.
  ///   - retire: Is told of each object that is forgotten.
  ///   - make: Makes the object; somebody else's may be taken instead.
  /// - Returns: `nil` when there are as many objects as there may be.
  @inlinable
  @inline(never)
  package func make(
    _ key: Key, at now: Instant, asNewFrom: (Object) -> Instant, retire: (Object) -> Void,
    _ make: () -> Object
  ) -> Object? {
    let (index, hash) = shards.place(of: key.hashValue)
    sweepIfDue(at: now, asNewFrom, retire)
    // A flood of new keys must not make an object for each call that finds no room.
    guard places.count > 0 else { return find(key) }
    let made = make()
    return shards[index].withLock { table in
      // Somebody else may have made it meanwhile.
      if let found = table.find(key, hash: hash) { return table[found] }
      guard places.take() else { return nil }
      if !table.hasSpace { _ = table.replace(for: table.count + 1) { _ in true } }
      table.add(key, hash: hash, made, at: table.index(of: key, hash: hash))
      return made
    }
  }

  /// All objects, a thousand at a time.
  package func forEach(_ body: (Object) -> Void) {
    for index in shards.indices {
      let objects = shards[index].withLock { table in
        var objects: [Object] = []
        objects.reserveCapacity(table.count)
        table.forEachValue { objects.append($0) }
        return objects
      }
      objects.forEach(body)
    }
  }
}

// MARK: - Forgetting

extension KeyedObjects {
  /// Forgets what is as new, when there are twice as many objects as after the last time, or when there is no
  /// room: then again after a pause, so that a flood of new keys costs a few percent of one processor.
  @inlinable
  func sweepIfDue(at now: Instant, _ asNewFrom: (Object) -> Instant, _ retire: (Object) -> Void) {
    guard isSweepDue(at: now), !isSweeping.exchange(true, ordering: .acquiring) else { return }
    defer { isSweeping.store(false, ordering: .releasing) }
    // Another thread may have swept in between.
    guard isSweepDue(at: now) else { return }
    let free = sweep(at: now, asNewFrom, retire)
    let kept = maxKeys - places.count
    sweepCount.store(min(maxKeys, max(Self.smallestSweep, 2 * kept)), ordering: .relaxed)
    let pause = max(1_000_000, Int64(maxKeys).multiplyingSaturating(1_000))
    let next = kept > maxKeys - max(1, maxKeys / 64) ? now.advanced(byNanoseconds: pause) : now
    nextFree.store(free.nanoseconds, ordering: .relaxed)
    nextSweep.store(next.nanoseconds, ordering: .relaxed)
  }

  @inlinable
  func isSweepDue(at now: Instant) -> Bool {
    let free = places.count
    return maxKeys - free >= sweepCount.load(ordering: .relaxed)
      && (free > 0 || now.nanoseconds >= nextSweep.load(ordering: .relaxed))
  }

  /// Forgets all that is as new and that nobody holds.
  ///
  /// - Returns: When the first of the others will be.
  @inlinable
  @inline(never)
  @discardableResult
  package func sweep(at now: Instant, _ asNewFrom: (Object) -> Instant, _ retire: (Object) -> Void) -> Instant
  {
    var nextFree = Instant(nanoseconds: .max)
    for index in shards.indices {
      // Released after the lock is: its keys are the user's.
      var forgotten = shards[index].withLock { table in forget(&table, at: now, asNewFrom, &nextFree) }
      forgotten?.forEachValue { retire($0) }
    }
    return nextFree
  }

  @inlinable
  func forget(
    _ table: inout Table, at now: Instant, _ asNewFrom: (Object) -> Instant, _ nextFree: inout Instant
  ) -> Table? {
    var kept = 0
    table.forEachValue { object in
      let free = asNewFrom(object)
      guard free > now || !isKnownUniquelyReferenced(&object) else { return }
      kept += 1
      nextFree = min(nextFree, max(now, free))
    }
    let count = table.count
    guard kept < count else { return nil }
    // What nobody held, nobody can have got hold of meanwhile; and no more than that is kept.
    let forgotten = table.replace(for: kept) { object in
      asNewFrom(object) > now || !isKnownUniquelyReferenced(&object)
    }
    places.giveBack(count - table.count)
    return forgotten
  }
}
