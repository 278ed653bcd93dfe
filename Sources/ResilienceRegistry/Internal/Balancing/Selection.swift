/// A choice in the balancer's own terms: a slot, held until it is given back.
///
/// The slot belongs to the registration for as long as it is held, also when that is gone from the registry
/// meanwhile. Three words, so that it is handed on in registers.
@frozen
@usableFromInline
struct Selection: Sendable, BitwiseCopyable {
  @usableFromInline let slot: Int

  /// The registration that was chosen.
  @usableFromInline let epoch: UInt64

  /// When it was chosen.
  @usableFromInline let startNanoseconds: Int64

  @usableFromInline
  init(slot: Int, epoch: UInt64, startNanoseconds: Int64) {
    self.slot = slot
    self.epoch = epoch
    self.startNanoseconds = startNanoseconds
  }
}
