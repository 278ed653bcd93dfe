/// What an admitted call holds: which state it was admitted in, and as what.
///
/// Two words without a reference, so that holding one across an `await` costs nothing.
@frozen
@usableFromInline
package struct CircuitBreakerToken: Sendable, BitwiseCopyable, Hashable {
  /// What the breaker was.
  @usableFromInline package let word: CircuitBreakerWord

  /// Of a probe, which one it is within its generation; of a call that is timed, when it began, in
  /// nanoseconds; else 0.
  @usableFromInline package let detail: Int64

  @inlinable
  package init(word: CircuitBreakerWord, detail: Int64 = 0) {
    self.word = word
    self.detail = detail
  }

  @inlinable package var isProbe: Bool { word.isHalfOpen }

  package var generation: UInt64 { word.generation }
}
