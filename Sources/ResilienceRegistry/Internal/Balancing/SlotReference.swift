/// A ``SlotCounter`` in a ``SlotTable``, which must be kept for as long.
@frozen
@usableFromInline
struct SlotReference: BitwiseCopyable {
  @usableFromInline let pointer: UnsafePointer<SlotCounter>

  @inlinable
  init(_ pointer: UnsafePointer<SlotCounter>) {
    self.pointer = pointer
  }

  @inlinable
  var counter: SlotCounter {
    @inline(__always)
    unsafeAddress { pointer }
  }
}

// What it leads to is atomic, and stays where it is.
extension SlotReference: @unchecked Sendable {}
