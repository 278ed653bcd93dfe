/// The parts of a table that many threads use, each with a lock of its own. A key belongs to one of them by
/// its hash.
@usableFromInline
package struct ShardArray<Shard: ~Copyable & Sendable>: ~Copyable {
  @usableFromInline let shards: UnsafeMutablePointer<Lock<Shard>>
  /// One less than the number of shards, which is a power of two.
  @usableFromInline let mask: Int

  /// Makes as many shards as are needed for a thousand keys each: 16 at least, and `most` at most.
  @inlinable
  package init(forKeys keys: Int, most: Int = .max, _ make: () -> Shard) {
    var count = 16
    while count < min(most, keys / 1024) { count *= 2 }
    mask = count - 1
    shards = .allocate(capacity: count)
    for index in 0..<count { (shards + index).initialize(to: Lock(make())) }
  }

  @inlinable
  deinit {
    shards.deinitialize(count: mask + 1)
    shards.deallocate()
  }

  @inlinable package var indices: ClosedRange<Int> { 0...mask }

  @inlinable
  package subscript(index: Int) -> Lock<Shard> {
    @inline(__always)
    unsafeAddress { UnsafePointer(shards + index) }
  }

  /// The shard of a hash, and the half of the hash that tells keys apart there; never 0, which marks a free
  /// slot.
  @inlinable
  package func place(of hash: Int) -> (shard: Int, hash: UInt32) {
    let hash = UInt(bitPattern: hash)
    return (Int(truncatingIfNeeded: hash) & mask, UInt32(truncatingIfNeeded: hash &>> 32) | 1)
  }
}

// Allocated and initialised once, each shard reached only through its lock, freed when nobody has the table
// any more.
extension ShardArray: @unchecked Sendable {}
