public import ResilienceCore

/// What a breaker does with the next call.
public enum CircuitBreakerState: Sendable, Hashable {
  /// Calls pass, and their results are counted.
  case closed

  /// Calls are rejected until the instant, at which the breaker becomes half-open.
  case open(until: Instant)

  /// A few calls pass as probes, and decide; the others are rejected.
  case halfOpen

  /// The probes succeeded: a share of the calls passes that grows until it is all of them at the instant.
  /// Results are counted, and open the breaker again as they do while it is closed.
  case recovering(until: Instant)

  /// Calls are rejected because somebody said so.
  case forcedOpen

  /// Calls pass and are not counted, because somebody said so.
  case disabled

  /// Calls pass and are counted, and nothing comes of it, because somebody said so.
  case metricsOnly
}

extension CircuitBreakerState: CustomStringConvertible {
  /// `closed`, `open for another 1.9 s`, `half-open`, `recovering for another 30 s`, `forced open`,
  /// `disabled` or `metrics only`.
  ///
  /// The delay is as of the reading of this description, by the clock of the call that reads it; without one
  /// the time has come, and the next call or reading of the breaker changes it.
  public var description: String {
    switch self {
    case .closed: "closed"
    case .open(let until): "open\(Self.rest(until))"
    case .halfOpen: "half-open"
    case .recovering(let until): "recovering\(Self.rest(until))"
    case .forcedOpen: "forced open"
    case .disabled: "disabled"
    case .metricsOnly: "metrics only"
    }
  }
  private static func rest(_ until: Instant) -> String { until.delayText.map { " for another \($0)" } ?? "" }
}
