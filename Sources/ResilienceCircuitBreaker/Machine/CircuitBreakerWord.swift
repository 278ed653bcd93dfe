/// What a breaker is, in one word: a generation and a mode, so that a call is admitted with one load.
///
/// Every change of state that results must not cross begins a generation.
@frozen
@usableFromInline
package struct CircuitBreakerWord: Sendable, BitwiseCopyable, Hashable {
  @usableFromInline package var rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  @usableFromInline
  package enum Mode: UInt64, Sendable {
    case closed, metricsOnly, disabled, recovering, open, halfOpen, forcedOpen
  }

  package init(generation: UInt64, _ mode: Mode, _ rules: CircuitBreakerRules) {
    let admitsFreely =
      switch mode {
      case .closed, .metricsOnly: !rules.timesCalls
      case .disabled: true
      case .recovering, .open, .halfOpen, .forcedOpen: false
      }
    rawValue =
      generation << 5 | (rules.needsTimeOfResults ? Self.timed : 0) | (admitsFreely ? 0 : Self.asks)
      | mode.rawValue
  }

  /// Set when admission must ask the state machine.
  @inlinable static var asks: UInt64 { 8 }
  /// Set when a result is of no use without its instant.
  @inlinable static var timed: UInt64 { 16 }

  @inlinable package var admitsFreely: Bool { rawValue & Self.asks == 0 }

  /// Closed, with a count window and nothing to time: a success is counted and that is all.
  @inlinable package var isPlainlyClosed: Bool { rawValue & 31 == 0 }

  @inlinable package var isOpen: Bool { rawValue & 7 == 4 }

  @inlinable package var isHalfOpen: Bool { rawValue & 7 == 5 }

  package var generation: UInt64 { rawValue >> 5 }

  package var mode: Mode {
    // All eight but one are modes, and only these are ever stored.
    Mode(rawValue: rawValue & 7) ?? .closed
  }
}
