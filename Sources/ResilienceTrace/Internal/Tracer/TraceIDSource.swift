public import ResilienceCore
public import Synchronization

/// Where ids come from outside a simulation: 128 bits of state that each process has of its own.
///
/// A counter that begins anywhere is mixed with a secret word, by the folded product that wyrand is made of.
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

  @inlinable static var step: UInt64 { 0x9E37_79B9_7F4A_7C15 }

  /// The next span id: not 0.
  @inlinable
  @inline(__always)
  func next() -> UInt64 {
    max(1, mix(counter.wrappingAdd(Self.step, ordering: .relaxed).newValue))
  }

  /// The ids of the first span of a trace, for one atomic addition. That a trace gets the id 0 is a matter of
  /// 1 in 2¹²⁸.
  @inlinable
  @inline(__always)
  func root() -> TraceIDs {
    let last = counter.wrappingAdd(Self.step &* 3, ordering: .relaxed).newValue
    // Bit 1 of the flags says that the trace id is random.
    return TraceIDs(
      traceHigh: mix(last &- Self.step &* 2), traceLow: mix(last &- Self.step),
      span: max(1, mix(last)), flags: 2)
  }

  @inlinable
  @inline(__always)
  func mix(_ count: UInt64) -> UInt64 {
    let product = count.multipliedFullWidth(by: count ^ secret)
    return product.high ^ product.low
  }
}

extension TraceIDSource {
  /// A span id.
  @inline(__always)
  func span(_ context: CallContext) -> UInt64 {
    context.flags.contains(.environment) ? context.makeID() : next()
  }
}
