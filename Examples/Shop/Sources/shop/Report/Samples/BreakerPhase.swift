import Resilience

/// What a breaker does, in the words of the report.
enum BreakerPhase: String, Sendable, CaseIterable {
  case closed = "closed"
  case open = "open"
  case halfOpen = "half-open"
  case recovering = "recovering"

  init(_ state: CircuitBreakerState) {
    switch state {
    case .closed, .disabled, .metricsOnly: self = .closed
    case .open, .forcedOpen: self = .open
    case .halfOpen: self = .halfOpen
    case .recovering: self = .recovering
    }
  }
}
