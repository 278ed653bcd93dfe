internal import ResilienceCore
internal import Synchronization

/// Where ids come from: the context in a simulation, else 192 bits of state that each process has of its own.
///
/// A counter is mixed with two secret words, by the folded product that wyrand is made of: one atomic addition and one
/// multiplication. An id tells nothing about the next one without the words, and no two processes have the same. Not for
/// secrets nonetheless.
final class TraceIDSource: Sendable {
  private static let shared = TraceIDSource()

  private let counter: Atomic<UInt64>
  private let one: UInt64
  private let other: UInt64

  init() {
    var system = SystemRandomNumberGenerator()
    counter = Atomic(system.next())
    one = system.next()
    other = system.next()
  }

  func next() -> UInt64 {
    let count = counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    let product = (count ^ one).multipliedFullWidth(by: count ^ other)
    return product.high ^ product.low
  }

  /// A span id: not 0.
  static func span(_ context: CallContext) -> UInt64 {
    context.flags.contains(.environment) ? context.makeID() : max(1, shared.next())
  }

  /// A trace id with the mark that it is random, and no span.
  static func trace(_ context: CallContext) -> TraceIDs {
    let isSimulated = context.flags.contains(.environment)
    return TraceIDs(
      traceHigh: isSimulated ? context.random() : shared.next(), traceLow: span(context), span: 0,
      flags: TraceIDs.randomFlag)
  }
}
