/// A throttle's answer.
public enum ThrottleDecision: Sendable, Hashable {
  /// Make the call, and report its end with the permit.
  case admitted(ThrottlePermit)

  /// Do not make the call; this had the given probability, more than 0 and less than 1.
  case rejected(probability: Double)
}
