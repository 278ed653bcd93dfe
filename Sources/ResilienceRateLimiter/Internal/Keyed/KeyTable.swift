/// The slots of one shard: keys with a number each, found by open addressing.
///
/// A slot is the state, 32 bits of the key's hash (0 for a free slot), and the key, side by side: a look-up
/// touches one or two cache lines, and a slot costs 12 bytes beside the key. Nothing is ever taken out; a
/// table that is full is replaced by one without what is not needed any more, and the hashes are kept for
/// that.
@frozen
@usableFromInline
struct KeyTable<Key: Hashable & Sendable>: ~Copyable {
  @usableFromInline let slots: UnsafeMutableRawPointer
  @usableFromInline let capacity: Int
  @usableFromInline var count = 0

  /// A table of `capacity` slots, of which four fifths can be used.
  @inlinable
  init(capacity: Int) {
    self.capacity = capacity
    slots = .allocate(byteCount: capacity * Self.stride, alignment: Self.alignment)
    slots.initializeMemory(as: UInt8.self, repeating: 0, count: capacity * Self.stride)
  }

  @inlinable
  deinit {
    for index in 0..<capacity where hash(index) != 0 { key(index).deinitialize(count: 1) }
    slots.deallocate()
  }

  /// The slots that a table for `count` keys has: they fill three fifths of it, so that it can grow by a
  /// third.
  @inlinable
  static func capacity(for count: Int) -> Int { count * 5 / 3 + 2 }

  /// Whether another key can be added.
  @inlinable var hasSpace: Bool { (count + 1) &* 5 <= capacity &* 4 }
}

// The table owns its memory alone, and is reached only through the lock around its shard.
extension KeyTable: @unchecked Sendable {}

// MARK: - Slots

extension KeyTable {
  @inlinable static var alignment: Int { max(8, MemoryLayout<Key>.alignment) }

  @inlinable static var keyOffset: Int {
    (12 &+ MemoryLayout<Key>.alignment &- 1) & ~(MemoryLayout<Key>.alignment &- 1)
  }

  @inlinable static var stride: Int {
    (keyOffset &+ MemoryLayout<Key>.size &+ alignment &- 1) & ~(alignment &- 1)
  }

  @inlinable
  func hash(_ index: Int) -> UInt32 {
    (slots + index &* Self.stride).load(fromByteOffset: 8, as: UInt32.self)
  }

  @inlinable
  func state(_ index: Int) -> Int64 { (slots + index &* Self.stride).load(as: Int64.self) }

  @inlinable
  func setState(_ index: Int, _ state: Int64) {
    (slots + index &* Self.stride).storeBytes(of: state, as: Int64.self)
  }

  @inlinable
  func key(_ index: Int) -> UnsafeMutablePointer<Key> {
    (slots + (index &* Self.stride &+ Self.keyOffset)).assumingMemoryBound(to: Key.self)
  }

  /// The slot of the key, or the free one where it belongs. At least one slot is always free.
  ///
  /// - Parameter hash: Not 0.
  @inlinable
  @inline(__always)
  func index(of key: Key, hash: UInt32) -> Int {
    var index = home(of: hash)
    while true {
      let found = self.hash(index)
      if found == 0 || (found == hash && self.key(index).pointee == key) { return index }
      index &+= 1
      if index == capacity { index = 0 }
    }
  }

  /// Adds a key at a free slot that ``index(of:hash:)`` has given.
  @inlinable
  mutating func add(_ key: consuming Key, hash: UInt32, state: Int64, at index: Int) {
    setHash(index, hash)
    setState(index, state)
    self.key(index).initialize(to: key)
    count &+= 1
  }

  /// Moves the slots whose state is more than `floor` to `other`, which has room for them; the others stay.
  @inlinable
  mutating func move(above floor: Int64, to other: inout KeyTable) {
    for index in 0..<capacity {
      let hash = hash(index)
      guard hash != 0, state(index) > floor else { continue }
      var free = other.home(of: hash)
      while other.hash(free) != 0 { free = free &+ 1 == other.capacity ? 0 : free &+ 1 }
      other.setHash(free, hash)
      other.setState(free, state(index))
      other.key(free).moveInitialize(from: key(index), count: 1)
      other.count &+= 1
      setHash(index, 0)
      count &-= 1
    }
  }

  /// How many states are more than `floor`, and the least of them.
  @inlinable
  func countStates(above floor: Int64) -> (count: Int, least: Int64) {
    var (count, least) = (0, Int64.max)
    for index in 0..<capacity where hash(index) != 0 {
      let state = state(index)
      guard state > floor else { continue }
      count &+= 1
      least = min(least, state)
    }
    return (count, least)
  }

  /// The greatest of all states; that of a full bucket, if there are none.
  var greatestState: Int64 {
    var greatest: Int64 = 0
    for index in 0..<capacity where hash(index) != 0 { greatest = max(greatest, state(index)) }
    return greatest
  }

  @inlinable
  func home(of hash: UInt32) -> Int { Int(truncatingIfNeeded: (UInt64(hash) &* UInt64(capacity)) &>> 32) }

  @inlinable
  func setHash(_ index: Int, _ hash: UInt32) {
    (slots + index &* Self.stride).storeBytes(of: hash, toByteOffset: 8, as: UInt32.self)
  }
}
