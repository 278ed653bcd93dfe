public import Synchronization

/// What a breaker is, in one word: a generation and a mode, so that a call is admitted with one load.
///
/// Every change of state that results must not cross begins a generation. The lower half has room for what
/// was counted in a closed breaker and not yet looked at: a success is one exchange of the word, and belongs
/// to the state that it was counted in. What the lower half counts, by bits:
///
/// | calls | 31 | 18 ... 30 | 9 ... 17 | 0 ... 8 |
/// |---|---|---|---|---|
/// | not timed | full | successes | successes | successes |
/// | timed | 1 | the slice of time | successes | running calls, more or less, and 256 |
@usableFromInline
package struct CircuitBreakerWord: RawRepresentable, AtomicRepresentable, Sendable, BitwiseCopyable, Hashable
{
  @usableFromInline package var rawValue: UInt64

  @inlinable
  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  @usableFromInline
  package enum Mode: UInt64, Sendable {
    case closed = 0
    case metricsOnly = 1
    case disabled = 2
    case recovering = 3
    case open = 4
    case halfOpen = 5
    case forcedOpen = 6
  }

  package init(generation: UInt64, _ mode: Mode, asksAdmission: Bool, asksResults: Bool) {
    rawValue =
      generation << 37 | (asksResults ? Self.asksResults : 0) | (asksAdmission ? Self.asksAdmission : 0)
      | mode.rawValue << 32
  }

  @inlinable static var modeBits: UInt64 { 7 << 32 }
  /// Set when admission must ask the state machine.
  @inlinable static var asksAdmission: UInt64 { 8 << 32 }
  /// Set when even a success must be handed to the state machine.
  @inlinable static var asksResults: UInt64 { 16 << 32 }
  /// Of a word that takes a success none of these is set; the last one when the lower half is full.
  @inlinable static var takesNoSuccess: UInt64 { modeBits | asksAdmission | asksResults | 1 << 31 }

  @inlinable package var admitsFreely: Bool { rawValue & Self.asksAdmission == 0 }

  @inlinable package var isOpen: Bool { rawValue & Self.modeBits == Mode.open.rawValue << 32 }

  package var isHalfOpen: Bool { rawValue & Self.modeBits == Mode.halfOpen.rawValue << 32 }

  package var generation: UInt64 { rawValue >> 37 }

  /// The next generation; after the greatest that the word has room for comes 0.
  static func generation(after generation: UInt64) -> UInt64 { (generation &+ 1) & (.max >> 37) }

  package var mode: Mode {
    let value = (rawValue & Self.modeBits) >> 32
    guard let mode = Mode(rawValue: value) else { preconditionFailure("no mode of a breaker: \(value)") }
    return mode
  }
}

// MARK: - Successes that were not looked at

extension CircuitBreakerWord {
  package var pendingSuccesses: Int { Int(isTimed ? rawValue >> 9 & 0x1FF : rawValue & 0xFFFF_FFFF) }

  /// The same, with results having to be handed to the state machine.
  var asking: CircuitBreakerWord {
    CircuitBreakerWord(rawValue: rawValue & ~0xFFFF_FFFF | Self.asksResults)
  }

  /// The word after one success of a call that was admitted as `admitted`; `nil` if the state machine must be
  /// asked.
  @inlinable
  @inline(__always)
  package func addingSuccess(ofCallAdmittedAs admitted: CircuitBreakerWord) -> CircuitBreakerWord? {
    guard rawValue & Self.takesNoSuccess == 0, (rawValue ^ admitted.rawValue) >> 37 == 0 else { return nil }
    return CircuitBreakerWord(rawValue: rawValue &+ 1)
  }
}

// MARK: - Timed calls that were not looked at

extension CircuitBreakerWord {
  /// Whether a call that begins, or succeeds, in the present slice of time is counted here.
  package var isTimed: Bool { rawValue & Self.timedBits == Self.timedBits }

  // A word whose successes fill it to the last bit lets calls in without asking.
  private static var timedBits: UInt64 { asksAdmission | 1 << 31 }

  /// How many more calls of the present slice run than before; negative for fewer.
  package var pendingRunning: Int { isTimed ? Int(rawValue & 0x1FF) - 256 : 0 }

  /// The word that counts the timed calls of a slice.
  ///
  /// - Parameter slice: 13 bits of it are kept: enough to tell it from all that a stopped thread could have
  ///   seen less than a thousand thresholds ago.
  package func timing(slice: Int64) -> CircuitBreakerWord {
    CircuitBreakerWord(
      rawValue: rawValue | 1 << 31 | UInt64(truncatingIfNeeded: slice & 0x1FFF) << 18 | 256)
  }

  /// The word after one more call has begun; `nil` if the state machine must be asked.
  func enteringTimed() -> CircuitBreakerWord? {
    guard isTimed, rawValue & 0x1FF < 0x1FF else { return nil }
    return CircuitBreakerWord(rawValue: rawValue + 1)
  }

  /// The word after one success of a call that was admitted as `admitted` and began in the present slice;
  /// `nil` if the state machine must be asked.
  func leavingTimed(ofCallAdmittedAs admitted: CircuitBreakerWord) -> CircuitBreakerWord? {
    guard isTimed, (rawValue ^ admitted.rawValue) >> 37 == 0, rawValue & 0x1FF > 0,
      rawValue >> 9 & 0x1FF < 0x1FF
    else { return nil }
    return CircuitBreakerWord(rawValue: rawValue + 0x1FF)
  }
}
