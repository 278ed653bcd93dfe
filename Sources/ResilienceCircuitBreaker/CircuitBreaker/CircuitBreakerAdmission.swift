public import ResilienceCore

/// A breaker's answer to one call.
@frozen
public enum CircuitBreakerAdmission: ~Copyable, Sendable {
  /// The call may be made; give the permit back afterwards.
  case admitted(CircuitBreakerPermit)

  /// The call must not be made before the instant, at which a probe may; `nil` when no instant is known.
  case rejected(retryAt: Instant?)
}
