/// One sequence for the whole process: 128 bits of state, seeded once by the operating system.
///
/// A draw is one atomic addition; `SystemRandomNumberGenerator` makes a system call for each. No two
/// processes walk the same sequence: ids that are made of it differ between processes as chance has it. Not
/// for secrets.
public struct SystemRandomSource: RandomSource {
  @usableFromInline static let state = MixedCounter()

  /// Creates the source; all values share one sequence.
  @inlinable
  public init() {}

  /// The next 64 bits.
  @inlinable
  public func next() -> UInt64 { Self.state.next() }
}

extension RandomSource where Self == SystemRandomSource {
  /// The process-wide source.
  @inlinable
  public static var system: SystemRandomSource { SystemRandomSource() }
}
