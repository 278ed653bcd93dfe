/// The keys of one shard with a value each, found by open addressing.
///
/// A slot is 32 bits of the key's hash (0 for a free slot), the key and the value, side by side: a look-up
/// touches one or two cache lines. No key is ever taken out; a table that is full is replaced by one without
/// what is not needed any more. The hashes are kept for that: to hash a key is the user's code, and a lock is
/// held.
@usableFromInline
package struct KeyTable<Key: Hashable & Sendable, Value: Sendable>: ~Copyable {
  @usableFromInline typealias Slot = (hash: UInt32, key: Key, value: Value)

  @usableFromInline let slots: UnsafeMutablePointer<Slot>
  /// The slots there are, of which four fifths can be used.
  @usableFromInline package let capacity: Int
  @usableFromInline package private(set) var count = 0

  /// A table for `count` keys, which can grow by a third; one for no keys has no slots.
  @inlinable
  package init(for count: Int = 0) {
    capacity = Self.capacity(for: count)
    slots = .allocate(capacity: capacity)
    UnsafeMutableRawPointer(slots).initializeMemory(
      as: UInt8.self, repeating: 0, count: capacity &* MemoryLayout<Slot>.stride)
  }

  @inlinable
  deinit {
    for index in 0..<capacity where isTaken(index) { (slots + index).deinitialize(count: 1) }
    slots.deallocate()
  }

  /// The slots that a table for `count` keys has: they fill three fifths of it.
  @inlinable
  package static func capacity(for count: Int) -> Int { count == 0 ? 0 : count * 5 / 3 + 2 }

  /// What a slot takes, in bytes.
  package static var bytesPerSlot: Int { MemoryLayout<Slot>.stride }
}

// The table owns its memory alone, and is reached only through the lock around its shard.
extension KeyTable: @unchecked Sendable {}

// MARK: - Finding and adding

extension KeyTable {
  /// Whether another key can be added.
  @inlinable package var hasSpace: Bool { (count + 1) &* 5 <= capacity &* 4 }

  /// The key's slot; `nil` when it has none.
  @inlinable
  @inline(__always)
  package func find(_ key: Key, hash: UInt32) -> Int? {
    guard capacity > 0 else { return nil }
    let index = index(of: key, hash: hash)
    return isTaken(index) ? index : nil
  }

  /// The key's slot, or the free one where it belongs. The table must not be empty; one slot at least is
  /// always free.
  ///
  /// - Parameter hash: Not 0; see ``ShardArray/place(of:)``.
  @inlinable
  @inline(__always)
  package func index(of key: Key, hash: UInt32) -> Int {
    var index = home(of: hash)
    while true {
      let found = self.hash(index)
      if found == 0 || (found == hash && slots[index].key == key) { return index }
      index = self.index(after: index)
    }
  }

  @inlinable
  package func isTaken(_ index: Int) -> Bool { hash(index) != 0 }

  /// The value of a slot that is taken.
  @inlinable
  package subscript(index: Int) -> Value {
    @inline(__always) get { slots[index].value }
    @inline(__always) _modify { yield &slots[index].value }
  }

  /// Adds a key at the free slot that ``index(of:hash:)`` has given; there must be space.
  @inlinable
  package mutating func add(_ key: consuming Key, hash: UInt32, _ value: consuming Value, at index: Int) {
    (slots + index).initialize(to: (hash: hash, key: key, value: value))
    count &+= 1
  }
}

// MARK: - All slots

extension KeyTable {
  @inlinable
  package mutating func forEachValue(_ body: (inout Value) -> Void) {
    for index in 0..<capacity where isTaken(index) { body(&self[index]) }
  }

  /// Goes on with a table for `count` keys, and with those of the present ones that are to be kept, which are
  /// no more than that.
  ///
  /// - Returns: The table from before with the others, to be released after the lock is: its keys are the
  ///   user's.
  @inlinable
  package mutating func replace(for count: Int, keeping isKept: (inout Value) -> Bool) -> KeyTable {
    var other = KeyTable(for: count)
    for index in 0..<capacity where isTaken(index) && isKept(&self[index]) { move(index, to: &other) }
    swap(&self, &other)
    return other
  }

  @inlinable
  mutating func move(_ index: Int, to other: inout KeyTable) {
    let hash = hash(index)
    var free = other.home(of: hash)
    while other.isTaken(free) { free = other.index(after: free) }
    (other.slots + free).moveInitialize(from: slots + index, count: 1)
    other.count &+= 1
    setFree(index)
    count &-= 1
  }
}

// MARK: - Probing

extension KeyTable {
  @inlinable
  func home(of hash: UInt32) -> Int { Int(truncatingIfNeeded: (UInt64(hash) &* UInt64(capacity)) &>> 32) }

  @inlinable
  func index(after index: Int) -> Int { index &+ 1 == capacity ? 0 : index &+ 1 }

  // A free slot is not initialised, but for its hash, which comes first.
  @inlinable
  func hash(_ index: Int) -> UInt32 { UnsafeRawPointer(slots + index).load(as: UInt32.self) }

  @inlinable
  func setFree(_ index: Int) { UnsafeMutableRawPointer(slots + index).storeBytes(of: 0, as: UInt32.self) }
}
