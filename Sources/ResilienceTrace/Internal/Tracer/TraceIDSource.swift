public import ResilienceCore
public import Synchronization

/// Where ids come from outside a simulation: 128 bits of state that each process has of its own.
///
/// A counter that begins anywhere is mixed with a secret word.
/// An id tells nothing about the next one without both, and no two processes have the same. Not for secrets
/// nonetheless.
@usableFromInline
final class TraceIDSource: Sendable {
  /// Tracers keep it: reaching a global is dearer than a draw.
  @usableFromInline static let shared = TraceIDSource()

  @usableFromInline let counter: Atomic<UInt64>
  @usableFromInline let secret: UInt64

  init() {
    var system = SystemRandomNumberGenerator()
    counter = Atomic(system.next())
    secret = system.next()
  }

  /// The next span id: not 0.
  @inlinable
  @inline(__always)
  func next() -> UInt64 {
    max(1, mix(counter.wrappingAdd(FoldedProduct.step, ordering: .relaxed).newValue))
  }

  /// The ids of the first span of a trace, for one atomic addition. That a trace gets the id 0 is a matter of
  /// 1 in 2¹²⁸.
  @inlinable
  @inline(__always)
  func root() -> TraceIDs {
    let last = counter.wrappingAdd(FoldedProduct.step &* 3, ordering: .relaxed).newValue
    // Bit 1 of the flags says that the trace id is random.
    return TraceIDs(
      traceHigh: mix(last &- FoldedProduct.step &* 2), traceLow: mix(last &- FoldedProduct.step),
      span: max(1, mix(last)), flags: 2)
  }

  @inlinable
  @inline(__always)
  func mix(_ count: UInt64) -> UInt64 { FoldedProduct.mix(count, with: secret) }
}

extension TraceIDSource {
  /// A span id.
  @inline(__always)
  func span(_ context: CallContext) -> UInt64 {
    context.flags.contains(.environment) ? context.makeID() : next()
  }
}
