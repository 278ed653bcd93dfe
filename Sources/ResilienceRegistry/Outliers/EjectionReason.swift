internal import ResilienceCore

/// What an instance was ejected for.
public enum EjectionReason: Sendable, Hashable, CustomStringConvertible {
  /// So many calls failed in a row.
  case consecutiveFailures(Int)

  /// Its share of successes is below what the others' allow.
  case successRate(Double, below: Double)

  /// Its share of failures is above the threshold.
  case failureRate(Double, above: Double)

  /// The rule and the figures.
  public var description: String {
    switch self {
    case .consecutiveFailures(let count): "\(count) failures in a row"
    case .successRate(let rate, let limit): "success rate \(percent(rate)), below \(percent(limit))"
    case .failureRate(let rate, let limit): "failure rate \(percent(rate)), above \(percent(limit))"
    }
  }

  private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
