internal import Synchronization

/// A repeatable source: the same seed gives the same sequence, on every machine.
public final class SeededRandomSource: RandomSource {
  private let state: Atomic<UInt64>

  /// Creates a source.
  ///
  /// - Parameter seed: Any value; equal seeds give equal sequences.
  public init(seed: UInt64) {
    state = Atomic(seed)
  }

  /// The next 64 bits of the sequence.
  public func next() -> UInt64 {
    SplitMix64.mix(state.wrappingAdd(SplitMix64.gamma, ordering: .relaxed).newValue)
  }
}
