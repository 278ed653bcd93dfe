/// The identity of a span: 128 bits of trace, 64 of span, and the trace flags. All zero means "no trace".
///
/// The type is in Core because every context carries it; its meaning (sampling, spans) is
/// `ResilienceTrace`'s.
public struct TraceIDs: Sendable, BitwiseCopyable, Hashable {
  /// The upper 64 bits of the trace id.
  public var traceHigh: UInt64

  /// The lower 64 bits of the trace id.
  public var traceLow: UInt64

  /// The span id: in a call's context, the span that is the parent of whatever the call starts.
  public var span: UInt64

  /// The W3C trace flags: bit 0 sampled, bit 1 random trace id.
  public var flags: UInt8

  /// Creates ids from their parts.
  @inlinable
  public init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8) {
    self.traceHigh = traceHigh
    self.traceLow = traceLow
    self.span = span
    self.flags = flags
  }

  /// No trace.
  @inlinable
  public static var none: TraceIDs { TraceIDs(traceHigh: 0, traceLow: 0, span: 0, flags: 0) }

  /// The trace; where there is none, one that no span has begun so far, for work that is done more than once:
  /// each time the first span has no parent, and all have the trace in common.
  ///
  /// - Parameter random: The new trace's id: 128 random bits.
  package func orReserved(_ random: (UInt64, UInt64)) -> TraceIDs {
    if isPresent { return self }
    // Bit 1 of the flags says that the trace id is random.
    return TraceIDs(traceHigh: random.0, traceLow: max(1, random.1), span: 0, flags: flags | 2)
  }

  /// Whether there is a trace: a non-zero trace id.
  @inlinable
  public var isPresent: Bool { (traceHigh | traceLow) != 0 }

  /// Whether bit 0, "sampled", is set.
  @inlinable
  public var isSampled: Bool { flags & 1 != 0 }
}
