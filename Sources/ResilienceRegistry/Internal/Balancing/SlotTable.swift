public import Synchronization

/// The slots, and the list of those that are open, as they are read without a lock.
///
/// Whatever a reader has got hold of stays memory of this table: counters never move, and a list that has
/// become too small is kept beside the larger one, which has twice its places. A reader that meets a change
/// may get an outdated entry; ``SlotCounter/pin()`` finds out.
///
/// A reader takes the number of entries first and the list afterwards; a larger list is published before the
/// larger number, so that no entry lies outside. Whoever compares two need not ask for the number: it reads
/// two entries even where there are fewer, and the rest are of the same slot or of one that is not open.
@usableFromInline
final class SlotTable {
  @usableFromInline typealias Entry = Atomic<UnsafePointer<SlotCounter>?>

  private let count = Atomic<Int>(0)
  /// At least two.
  @usableFromInline let comparable = Atomic<Int>(2)
  @usableFromInline let entries: Atomic<UnsafeMutablePointer<Entry>?>

  /// The version of the registry's list that has been taken over as a whole.
  @usableFromInline let version = Atomic<UInt64>(0)
  /// Until when a first attempt takes the better of two open slots, by nothing but their calls in flight.
  @usableFromInline let choicesUntil = Atomic<Int64>(.min)
  /// Until when it takes the next open slot in turn.
  private let turnsUntil = Atomic<Int64>(.min)
  private let turn = Atomic<UInt64>(0)
  let tried = TriedInstances()

  // Under the balancer's lock.
  private var lists: [(start: UnsafeMutablePointer<Entry>, capacity: Int)] = []
  private var chunks: [(start: UnsafeMutablePointer<SlotCounter>, capacity: Int)] = []
  private var slotCount = 0
  private var capacity = 0

  init() {
    let counters = Self.makeChunk(8, from: 0)
    chunks = [(counters, 8)]
    capacity = 8
    let list = UnsafeMutablePointer<Entry>.allocate(capacity: 8)
    for place in 0..<8 { (list + place).initialize(to: Entry(UnsafePointer(counters))) }
    lists = [(list, 8)]
    entries = Atomic(list)
  }

  deinit {
    for (start, capacity) in lists {
      start.deinitialize(count: capacity)
      start.deallocate()
    }
    for (start, capacity) in chunks {
      start.deinitialize(count: capacity)
      start.deallocate()
    }
  }
}

// Its variables are the writer's, who holds the balancer's lock; readers go by the atomics.
extension SlotTable: @unchecked Sendable {}

// MARK: - Without a lock

extension SlotTable {
  /// Of two entries at random, the one with fewer calls in flight.
  @inlinable
  @inline(__always)
  func betterOfTwo(_ draw: UInt64) -> SlotReference {
    let (one, other) = two(draw)
    return other.counter.load < one.counter.load ? other : one
  }

  @inlinable
  @inline(__always)
  func two(_ draw: UInt64) -> (SlotReference, SlotReference) {
    let count = comparable.load(ordering: .acquiring)
    let entries = entries.load(ordering: .acquiring).unsafelyUnwrapped
    let (first, second) = Self.twoPlaces(of: count, draw)
    return (Self.slot(at: first, of: entries), Self.slot(at: second, of: entries))
  }

  /// Two different places of two or more.
  @inlinable
  @inline(__always)
  static func twoPlaces(of count: Int, _ draw: UInt64) -> (Int, Int) {
    let first = Int(truncatingIfNeeded: ((draw &>> 32) &* UInt64(truncatingIfNeeded: count)) &>> 32)
    let last = count &- 1
    let second = Int(
      truncatingIfNeeded: ((draw & 0xFFFF_FFFF) &* UInt64(truncatingIfNeeded: last)) &>> 32)
    // One of those before the last; the last in the place of the first.
    return (first, second == first ? last : second)
  }

  @inlinable
  @inline(__always)
  static func slot(at place: Int, of entries: UnsafeMutablePointer<Entry>) -> SlotReference {
    SlotReference(entries[place].load(ordering: .acquiring).unsafelyUnwrapped)
  }

  /// What a choice by calls in flight or by turns comes to.
  ///
  /// - Returns: `nil` where it goes by more at present, or takes a search.
  @inline(__always)
  func choose(_ request: PickRequest) -> SlotReference? {
    if request.now < choicesUntil.load(ordering: .relaxed) {
      return request.attempt > 1 ? untriedOfTwo(request) : betterOfTwo(request.draw)
    }
    if request.now < turnsUntil.load(ordering: .relaxed), request.attempt <= 1 { return next() }
    return nil
  }

  /// As ``betterOfTwo(_:)`` for a later attempt: of those of the two that the call was not sent to.
  ///
  /// - Returns: `nil` when it was sent to both, so that it takes a search.
  private func untriedOfTwo(_ request: PickRequest) -> SlotReference? {
    let (one, other) = two(request.draw)
    switch (wasTried(one, by: request), wasTried(other, by: request)) {
    case (true, true): return nil
    case (true, false): return other
    case (false, true): return one
    case (false, false): return other.counter.load < one.counter.load ? other : one
    }
  }

  private func wasTried(_ slot: SlotReference, by request: PickRequest) -> Bool {
    tried.contains(request.callID, slot.counter.epoch.load(ordering: .relaxed))
  }

  /// The next entry in turn.
  private func next() -> SlotReference? {
    let count = count.load(ordering: .acquiring)
    guard count > 0 else { return nil }
    let entries = entries.load(ordering: .acquiring).unsafelyUnwrapped
    return Self.slot(at: takeTurn(of: count), of: entries)
  }

  func takeTurn(of count: Int) -> Int {
    var current = turn.load(ordering: .relaxed)
    while true {
      let place = current < UInt64(count) ? current : 0
      let (exchanged, original) = turn.weakCompareExchange(
        expected: current, desired: place &+ 1, ordering: .relaxed)
      if exchanged { return Int(place) }
      current = original
    }
  }
}

// MARK: - Under the balancer's lock

extension SlotTable {
  /// Says that a list has been taken over: the last step of it, so that whoever reads this finds the rest.
  func publish(version: UInt64) {
    self.version.store(version, ordering: .releasing)
  }

  func permitChoices(until instant: Int64) {
    choicesUntil.store(instant, ordering: .relaxed)
  }

  func permitTurns(until instant: Int64) {
    turnsUntil.store(instant, ordering: .relaxed)
  }

  var lastTurn: UInt64 { turn.load(ordering: .relaxed) }

  func setTurn(_ turn: UInt64) {
    self.turn.store(turn, ordering: .relaxed)
  }

  /// Calls ever.
  var picks: UInt64 {
    chunks.reduce(0) { sum, chunk in
      (0..<chunk.capacity).reduce(sum) { $0 &+ chunk.start[$1].picks.load(ordering: .relaxed) }
    }
  }

  /// Makes the next slot.
  func addSlot() -> SlotReference {
    if slotCount == capacity {
      chunks.append((Self.makeChunk(capacity, from: capacity), capacity))
      capacity *= 2
    }
    // The last chunk holds the later half of all.
    let last = chunks[chunks.count - 1]
    defer { slotCount += 1 }
    return SlotReference(UnsafePointer(last.start + (slotCount - (capacity - last.capacity))))
  }

  private static func makeChunk(_ count: Int, from slot: Int) -> UnsafeMutablePointer<SlotCounter> {
    let chunk = UnsafeMutablePointer<SlotCounter>.allocate(capacity: count)
    for index in 0..<count { (chunk + index).initialize(to: SlotCounter(slot: slot + index)) }
    return chunk
  }

  func append(_ slot: SlotReference) {
    let place = count.load(ordering: .relaxed)
    if place == lists[lists.count - 1].capacity { grow() }
    lists[lists.count - 1].start[place].store(slot.pointer, ordering: .releasing)
    publish(count: place + 1)
  }

  /// The last one takes the place of the one that goes.
  func remove(at place: Int) {
    let last = count.load(ordering: .relaxed) - 1
    let list = lists[lists.count - 1].start
    list[place].store(list[last].load(ordering: .relaxed), ordering: .releasing)
    publish(count: last)
  }

  private func publish(count: Int) {
    self.count.store(count, ordering: .releasing)
    comparable.store(max(2, count), ordering: .releasing)
  }

  /// Takes the slots and the list of another table, which nobody reads yet and nobody may use afterwards.
  func adopt(_ other: SlotTable) {
    chunks += other.chunks
    (slotCount, capacity) = (other.slotCount, other.capacity)
    lists += other.lists
    (other.chunks, other.lists) = ([], [])
    entries.store(lists[lists.count - 1].start, ordering: .releasing)
    publish(count: other.count.load(ordering: .relaxed))
    setTurn(other.lastTurn)
    permitChoices(until: other.choicesUntil.load(ordering: .relaxed))
    permitTurns(until: other.turnsUntil.load(ordering: .relaxed))
    publish(version: other.version.load(ordering: .relaxed))
  }

  private func grow() {
    let (old, capacity) = lists[lists.count - 1]
    let new = UnsafeMutablePointer<Entry>.allocate(capacity: 2 * capacity)
    for index in 0..<(2 * capacity) {
      (new + index).initialize(to: Entry(old[index % capacity].load(ordering: .relaxed)))
    }
    lists.append((new, 2 * capacity))
    entries.store(new, ordering: .releasing)
  }
}
