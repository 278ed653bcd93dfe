public import Synchronization

/// When a table of breakers is swept next, in one word.
@frozen
@usableFromInline
struct SweepSchedule: Sendable, BitwiseCopyable, Hashable {
  @usableFromInline let count: Int

  /// When there are so many breakers.
  @inlinable
  init(atCount count: Int) {
    self.count = count
  }

  /// Somebody is sweeping.
  @inlinable static var underWay: SweepSchedule { SweepSchedule(atCount: .max) }
}

extension SweepSchedule: AtomicRepresentable {
  @usableFromInline typealias AtomicRepresentation = Int.AtomicRepresentation

  @inlinable
  static func encodeAtomicRepresentation(_ value: consuming SweepSchedule) -> AtomicRepresentation {
    Int.encodeAtomicRepresentation(value.count)
  }

  @inlinable
  static func decodeAtomicRepresentation(_ representation: consuming AtomicRepresentation) -> SweepSchedule {
    SweepSchedule(atCount: Int.decodeAtomicRepresentation(representation))
  }
}
