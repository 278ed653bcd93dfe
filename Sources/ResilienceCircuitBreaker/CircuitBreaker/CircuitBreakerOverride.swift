/// What somebody tells a breaker to be, whatever the results were; see ``CircuitBreaker/set(_:)``.
///
/// The first three last until the breaker is told otherwise. From the last two it goes on by itself: they say
/// where it begins.
public enum CircuitBreakerOverride: Sendable, Hashable {
  /// Every call is rejected: for a destination that must be left alone.
  case forcedOpen

  /// Every call passes and none is counted: for when the breaker itself is in doubt.
  case disabled

  /// Every call passes and is counted, and nothing comes of it: for trying a policy out on real traffic.
  case metricsOnly

  /// It is open for so long, exactly, and then half-open: the results decide again. For a destination that is
  /// known to be away for a while, such as during a deployment.
  ///
  /// Zero or less is no time at all. A destination's `retryAfter` and ``CircuitBreakerPolicy/openTime`` play
  /// no part, and an update of the policy does not change it.
  case open(for: Duration)

  /// It is half-open, whatever it was, and its probes decide, by the policy: for a destination that is
  /// thought to be back before the open time is over.
  case halfOpen
}

extension CircuitBreakerOverride {
  /// As ``CircuitBreakerEvent`` says it.
  var label: String {
    switch self {
    case .forcedOpen: "forcedOpen"
    case .disabled: "disabled"
    case .metricsOnly: "metricsOnly"
    case .open: "open"
    case .halfOpen: "halfOpen"
    }
  }
}
