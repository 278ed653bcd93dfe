public import ResilienceCore

/// What a breaker does with the next call.
public enum CircuitBreakerState: Sendable, Hashable {
  /// Calls pass, and their results are counted.
  case closed

  /// Calls are rejected until the instant, at which the breaker becomes half-open.
  case open(until: Instant)

  /// A few calls pass as probes, and decide; the others are rejected.
  case halfOpen
}

extension CircuitBreakerState: CustomStringConvertible {
  /// `closed`, `open until 12.5s` or `half-open`.
  public var description: String {
    switch self {
    case .closed: "closed"
    case .open(let until): "open until \(until)"
    case .halfOpen: "half-open"
    }
  }
}
