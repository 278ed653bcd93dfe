public import ResilienceCore

/// Where ids come from outside a simulation: 128 bits of state that each process has of its own.
///
/// No two processes have the same, and an id tells nothing about the next one.
@usableFromInline
final class TraceIDSource: Sendable {
  /// Tracers keep it: reaching a global is dearer than a draw.
  @usableFromInline static let shared = TraceIDSource()

  @usableFromInline let numbers = MixedCounter()

  /// The next span id: not 0.
  @inlinable
  @inline(__always)
  func next() -> UInt64 {
    max(1, numbers.next())
  }

  /// The ids of the first span of a trace, for one atomic addition. That a trace gets the id 0 is a matter of
  /// 1 in 2¹²⁸.
  @inlinable
  @inline(__always)
  func root() -> TraceIDs {
    let (last, step) = (numbers.take(3), MixedCounter.step)
    // Bit 1 of the flags says that the trace id is random.
    return TraceIDs(
      traceHigh: numbers.mix(last &- step &* 2), traceLow: numbers.mix(last &- step),
      span: max(1, numbers.mix(last)), flags: 2)
  }
}

extension TraceIDSource {
  /// A span id.
  @inline(__always)
  func span(_ context: CallContext) -> UInt64 {
    context.flags.contains(.environment) ? context.makeID() : next()
  }
}
