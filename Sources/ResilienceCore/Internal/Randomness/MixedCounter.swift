public import Synchronization

/// 64-bit numbers out of 128 bits of state, which the operating system seeds: wyrand (Wang Yi, 2019), a
/// counter mixed with a secret word. A number tells neither of them, and so nothing about the next one. Not
/// for secrets nonetheless.
@usableFromInline
package struct MixedCounter: ~Copyable, Sendable {
  /// What the counter advances by.
  @inlinable package static var step: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  @usableFromInline let counter: Atomic<UInt64>
  @usableFromInline let secret: UInt64

  package init() {
    var system = SystemRandomNumberGenerator()
    counter = Atomic(system.next())
    secret = system.next()
  }

  /// Takes so many numbers, for one atomic addition; the count of the last one, to be given to ``mix(_:)``.
  @inlinable
  @inline(__always)
  package borrowing func take(_ numbers: UInt64) -> UInt64 {
    counter.wrappingAdd(Self.step &* numbers, ordering: .relaxed).newValue
  }

  @inlinable
  @inline(__always)
  package borrowing func mix(_ count: UInt64) -> UInt64 {
    let product = count.multipliedFullWidth(by: count ^ secret)
    return product.high ^ product.low
  }

  @inlinable
  @inline(__always)
  package borrowing func next() -> UInt64 { mix(take(1)) }
}
