public import Synchronization

/// A choice in the balancer's own terms: a slot, held until it is given back.
///
/// The slot belongs to the registration for as long as it is held, also when that is gone from the registry
/// meanwhile. Two words, so that it is handed on in registers.
@frozen
@usableFromInline
struct Selection: Sendable, BitwiseCopyable {
  @usableFromInline let reference: SlotReference

  /// When it was chosen.
  @usableFromInline let startNanoseconds: Int64

  @inlinable
  @inline(__always)
  init(_ reference: SlotReference, at now: Int64) {
    self.reference = reference
    startNanoseconds = now
  }

  @inlinable var slot: Int { reference.counter.slot }

  /// The registration that was chosen; to be asked while the slot is held.
  @inlinable var epoch: UInt64 { reference.counter.epoch.load(ordering: .relaxed) }
}
