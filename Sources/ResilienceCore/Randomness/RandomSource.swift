/// The source of chance: jitter, ids and random picks all draw from it.
///
/// Like time, chance comes through the call's context, so that a simulation repeats itself from one seed.
/// Not for secrets.
public protocol RandomSource: Sendable {
  /// The next 64 uniformly distributed bits. May be called from any thread.
  func next() -> UInt64
}

extension RandomSource {
  /// A number uniformly distributed in `0 ..< bound`.
  ///
  /// - Parameter bound: At least 1. One draw; the bias (bound / 2⁶⁴) is below anything a balancer can notice.
  public func next(below bound: Int) -> Int {
    precondition(bound > 0, "bound must be at least 1, was \(bound)")
    return Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}

extension UInt64 {
  /// The upper 53 bits as a number in `0 ..< 1`.
  package var unitInterval: Double {
    Double(self >> 11) * 0x1p-53
  }
}
