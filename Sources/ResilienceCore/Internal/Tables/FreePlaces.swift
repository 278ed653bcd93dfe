public import Synchronization

/// How many more of something there may be: what bounds a table whose shards have locks of their own.
@usableFromInline
package struct FreePlaces: ~Copyable, Sendable {
  @usableFromInline let places: Atomic<Int>

  @inlinable
  package init(_ count: Int) {
    places = Atomic(count)
  }

  @inlinable package var count: Int { places.load(ordering: .relaxed) }

  /// Takes one; `false` when there is none.
  @inlinable
  package func take() -> Bool {
    var free = places.load(ordering: .relaxed)
    while free > 0 {
      let (exchanged, original) = places.weakCompareExchange(
        expected: free, desired: free &- 1, ordering: .relaxed)
      if exchanged { return true }
      free = original
    }
    return false
  }

  @inlinable
  package func giveBack(_ count: Int) {
    places.wrappingAdd(count, ordering: .relaxed)
  }
}
