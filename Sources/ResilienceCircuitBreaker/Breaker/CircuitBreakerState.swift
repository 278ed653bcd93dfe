public import ResilienceCore

/// What a breaker does with the next call.
public enum CircuitBreakerState: Sendable, Hashable {
  /// Calls pass, and their results are counted.
  case closed

  /// Calls are rejected until the instant, at which the breaker becomes half-open.
  case open(until: Instant)

  /// A few calls pass as probes, and decide; the others are rejected.
  case halfOpen

  /// The probes succeeded: a share of the calls passes that grows until it is all of them at the instant. Results are
  /// counted, and open the breaker again as they do while it is closed.
  case recovering(until: Instant)

  /// Calls are rejected because somebody said so.
  case forcedOpen

  /// Calls pass and are not counted, because somebody said so.
  case disabled

  /// Calls pass and are counted, and nothing comes of it, because somebody said so.
  case metricsOnly
}

extension CircuitBreakerState: CustomStringConvertible {
  /// `closed`, `open until 12.5s`, `half-open`, `recovering until 42.5s`, `forced open`, `disabled` or `metrics only`.
  public var description: String {
    switch self {
    case .closed: "closed"
    case .open(let until): "open until \(until)"
    case .halfOpen: "half-open"
    case .recovering(let until): "recovering until \(until)"
    case .forcedOpen: "forced open"
    case .disabled: "disabled"
    case .metricsOnly: "metrics only"
    }
  }
}
