/// Which logical call a context belongs to: one word, in three states.
///
/// Nobody has claimed the call; a retry or a hedge has, and nobody has needed its number; it has a number.
@usableFromInline
package struct CallIdentity: Sendable, Hashable, BitwiseCopyable {
  @usableFromInline let bits: UInt64

  @inlinable
  init(bits: UInt64) {
    self.bits = bits
  }

  /// - Parameter draw: A random number. The least two stand for calls without one.
  @inlinable
  package init(drawing draw: UInt64) {
    bits = max(2, draw)
  }

  @inlinable package static var unclaimed: CallIdentity { CallIdentity(bits: 0) }
  @inlinable package static var pending: CallIdentity { CallIdentity(bits: 1) }

  @inlinable package var isUnclaimed: Bool { bits == 0 }
  @inlinable package var hasNumber: Bool { bits > 1 }

  /// 0 for a call that has none.
  @inlinable package var number: UInt64 { hasNumber ? bits : 0 }
}
