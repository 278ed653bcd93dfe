public import Synchronization

/// One sequence for the whole process: 128 bits of state, seeded once by the operating system.
///
/// A draw is one atomic addition; `SystemRandomNumberGenerator` makes a system call for each. No two
/// processes walk the same sequence: ids that are made of it differ between processes as chance has it. Not
/// for secrets.
public struct SystemRandomSource: RandomSource {
  @usableFromInline static let state = State()

  /// Creates the source; all values share one sequence.
  @inlinable
  public init() {}

  /// The next 64 bits.
  @inlinable
  public func next() -> UInt64 { Self.state.next() }
}

extension SystemRandomSource {
  @frozen
  @usableFromInline
  struct State: ~Copyable, Sendable {
    @usableFromInline let counter: Atomic<UInt64>
    @usableFromInline let secret: UInt64

    init() {
      var system = SystemRandomNumberGenerator()
      counter = Atomic(system.next())
      secret = system.next()
    }

    @inlinable
    borrowing func next() -> UInt64 {
      FoldedProduct.mix(
        counter.wrappingAdd(FoldedProduct.step, ordering: .relaxed).newValue, with: secret)
    }
  }
}

extension RandomSource where Self == SystemRandomSource {
  /// The process-wide source.
  @inlinable
  public static var system: SystemRandomSource { SystemRandomSource() }
}
