/// The SplitMix64 generator (Steele, Lea and Flood, 2014): a counter in steps of `gamma`, and a mixer.
@usableFromInline
package enum SplitMix64 {
  @inlinable
  package static var gamma: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  /// The output for the counter value `state`; a bijection, so distinct states give distinct outputs.
  @inlinable
  package static func mix(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z &>> 31)
  }
}
