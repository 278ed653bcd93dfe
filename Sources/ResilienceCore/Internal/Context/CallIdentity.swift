/// Which logical call a context belongs to, in one word.
@usableFromInline
package struct CallIdentity: Sendable, BitwiseCopyable, Hashable {
  @usableFromInline package let rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// No layer that repeats calls has claimed it.
  @inlinable package static var unclaimed: CallIdentity { CallIdentity(rawValue: 0) }

  /// It is claimed, and nobody has needed its id so far.
  @inlinable package static var pending: CallIdentity { CallIdentity(rawValue: 1) }

  /// The identity of random bits; never one of the two above.
  @inlinable
  package init(random: UInt64) {
    self.init(rawValue: max(2, random))
  }

  @inlinable package var hasID: Bool { rawValue > Self.pending.rawValue }

  /// The id; 0 while there is none.
  @inlinable package var id: UInt64 { self == .pending ? 0 : rawValue }
}
