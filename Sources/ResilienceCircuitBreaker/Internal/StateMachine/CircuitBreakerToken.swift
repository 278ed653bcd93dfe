internal import ResilienceCore

/// What an admitted call holds: which state it was admitted in, and as what.
///
/// Two words without a reference, so that holding one across an `await` costs nothing.
@usableFromInline
package struct CircuitBreakerToken: Sendable, BitwiseCopyable, Hashable {
  /// Which probe it is within its generation.
  package struct ProbeID: Sendable, BitwiseCopyable, Hashable {
    let number: Int64
  }

  /// What the breaker was.
  @usableFromInline package let word: CircuitBreakerWord

  /// The number of a probe, the nanoseconds of a start, or nothing: the word and the rules say which.
  @usableFromInline let detail: Int64

  /// The token of a call that is neither a probe nor timed.
  @inlinable
  package init(word: CircuitBreakerWord) {
    self.word = word
    detail = 0
  }

  package init(word: CircuitBreakerWord, probe: ProbeID) {
    self.word = word
    detail = probe.number
  }

  package init(word: CircuitBreakerWord, start: Instant) {
    self.word = word
    detail = start.nanoseconds
  }

  package var generation: UInt64 { word.generation }

  package var isProbe: Bool { word.isHalfOpen }

  /// Which probe it is; `nil` for any other call.
  package var probe: ProbeID? { isProbe ? ProbeID(number: detail) : nil }

  /// When a timed call began; of any other call it says nothing.
  package var start: Instant { Instant(nanoseconds: detail) }
}
