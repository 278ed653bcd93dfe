/// What an admitted call holds: which state it was admitted in, and as which probe.
///
/// Two words without a reference, so that holding one across an `await` costs nothing.
@frozen
@usableFromInline
package struct CircuitBreakerToken: Sendable, BitwiseCopyable, Hashable {
  /// The generation of the state that admitted the call; every change of state begins a new one.
  @usableFromInline package let generation: UInt64

  /// Which probe it is within its generation, from 1; 0 for a call admitted while closed.
  @usableFromInline package let probe: UInt64

  @inlinable
  package init(generation: UInt64, probe: UInt64) {
    self.generation = generation
    self.probe = probe
  }
}
