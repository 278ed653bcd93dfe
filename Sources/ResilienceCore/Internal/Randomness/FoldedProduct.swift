/// The mixer of wyrand (Wang Yi, 2019): makes 64 bits of a counter and a secret word, of which neither can be
/// told from the result. Not for secrets nonetheless.
@usableFromInline
package enum FoldedProduct {
  /// What the counter advances by.
  @inlinable
  package static var step: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  @inlinable
  @inline(__always)
  package static func mix(_ count: UInt64, with secret: UInt64) -> UInt64 {
    let product = count.multipliedFullWidth(by: count ^ secret)
    return product.high ^ product.low
  }
}
