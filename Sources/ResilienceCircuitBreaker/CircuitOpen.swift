public import ResilienceCore

/// A call was not made, because the breaker around it is open, or half-open with all its probes under way.
public struct CircuitOpen: Rejection, Hashable {
  /// The breaker's name.
  public let breaker: String

  /// When the open time ends and the breaker lets probes through; past while probes are under way.
  public let retryAt: Instant?

  /// Creates a rejection.
  public init(breaker: String, retryAt: Instant?) {
    self.breaker = breaker
    self.retryAt = retryAt
  }
}

extension CircuitOpen: CustomStringConvertible {
  /// Names the breaker, and the instant from which it lets probes through.
  public var description: String {
    let probes = retryAt.map { "; it lets probes through from \($0)" } ?? ""
    return "circuit breaker \"\(breaker)\" is open and did not make the call\(probes)"
  }
}
