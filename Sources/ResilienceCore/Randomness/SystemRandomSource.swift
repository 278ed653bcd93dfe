public import Synchronization

/// One SplitMix64 sequence for the whole process, seeded once by the operating system.
///
/// A draw is one atomic addition; `SystemRandomNumberGenerator` makes a system call for each.
public struct SystemRandomSource: RandomSource {
  @usableFromInline
  static let state = Atomic<UInt64>(SystemRandomNumberGenerator.seed())

  /// Creates the source; all values share one sequence.
  @inlinable
  public init() {}

  /// The next 64 bits.
  @inlinable
  public func next() -> UInt64 {
    SplitMix64.mix(Self.state.wrappingAdd(SplitMix64.gamma, ordering: .relaxed).newValue)
  }
}

extension RandomSource where Self == SystemRandomSource {
  /// The process-wide source.
  @inlinable
  public static var system: SystemRandomSource { SystemRandomSource() }
}

extension SystemRandomNumberGenerator {
  fileprivate static func seed() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}
