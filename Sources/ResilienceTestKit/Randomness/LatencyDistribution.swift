internal import ResilienceCore

/// How long something takes, as a pure function of 64 random bits: the same draw gives the same latency on
/// every machine.
///
/// Integer arithmetic throughout, the logarithm of ``exponential(mean:)`` included: a simulation that took it
/// from the system's mathematics library could take another course on another system.
///
/// ```swift
/// let latency = LatencyDistribution.exponential(mean: .milliseconds(20))
/// latency.sample(draw: context.random())   // 3.2 ms, 41 ms, 17 ms …
/// ```
public struct LatencyDistribution: Sendable, Hashable {
  private enum Shape: Sendable, Hashable {
    case constant(Int64)
    case uniform(from: Int64, width: UInt64)
    case exponential(mean: Int64)
  }

  private let shape: Shape

  /// No time at all.
  public static let zero = LatencyDistribution.constant(.zero)

  /// The same each time.
  ///
  /// - Parameter latency: Zero or more.
  public static func constant(_ latency: Duration) -> LatencyDistribution {
    LatencyDistribution(shape: .constant(checked(latency)))
  }

  /// Anything between two latencies, both included, with equal chance.
  ///
  /// - Parameter range: Zero or more.
  public static func uniform(_ range: ClosedRange<Duration>) -> LatencyDistribution {
    let from = checked(range.lowerBound)
    return LatencyDistribution(
      shape: .uniform(from: from, width: UInt64(checked(range.upperBound) - from)))
  }

  /// Mostly short and sometimes long, as service times without a memory are: one in 150 takes five times the
  /// mean.
  ///
  /// - Parameter mean: Zero or more.
  public static func exponential(mean: Duration) -> LatencyDistribution {
    LatencyDistribution(shape: .exponential(mean: checked(mean)))
  }

  /// The latency that `draw` stands for.
  ///
  /// - Parameter draw: 64 uniformly distributed bits.
  public func sample(draw: UInt64) -> Duration {
    .nanoseconds(nanoseconds(drawing: { draw }))
  }

  /// Does not draw when there is no choice.
  func nanoseconds(drawing draw: () -> UInt64) -> Int64 {
    switch shape {
    case .constant(let latency): latency
    case .uniform(let from, let width): from + Int64(draw().multipliedFullWidth(by: width + 1).high)
    case .exponential(let mean): Self.exponential(mean: mean, draw: draw())
    }
  }

  private static func checked(_ latency: Duration) -> Int64 {
    precondition(latency >= .zero, "a latency must not be negative, was \(latency)")
    return latency.clampedNanoseconds
  }

  /// `-mean · ln(draw / 2⁶⁴)`, saturating.
  private static func exponential(mean: Int64, draw: UInt64) -> Int64 {
    let negatedLog = negatedBinaryLogarithm(draw | 1)
    let naturalLogOfTwo: UInt64 = 0xB172_17F7_D1CF_79AC  // ln 2 · 2⁶⁴
    let scaled = negatedLog.multipliedFullWidth(by: naturalLogOfTwo).high
    let (high, low) = scaled.multipliedFullWidth(by: UInt64(mean))
    guard high < 1 << (fractionBits - 1) else { return .max }
    return Int64(high << (64 - fractionBits) | low >> fractionBits)
  }

  private static var fractionBits: Int { 32 }

  /// `-log₂(draw / 2⁶⁴) · 2³²`, one bit of the fraction for each squaring.
  private static func negatedBinaryLogarithm(_ draw: UInt64) -> UInt64 {
    let exponent = draw.leadingZeroBitCount
    var mantissa = draw << exponent
    var fraction: UInt64 = 0
    for _ in 0..<fractionBits {
      let (high, low) = mantissa.multipliedFullWidth(by: mantissa)
      let isCarry = high >> 63 == 1
      mantissa = isCarry ? high : high << 1 | low >> 63
      fraction = fraction << 1 | (isCarry ? 1 : 0)
    }
    return UInt64(exponent + 1) << fractionBits - fraction
  }
}
