import ResilienceCircuitBreaker
import ResilienceCore
import Synchronization

struct Broken: Error {}

extension CircuitBreakerPolicy {
  /// Opens at 2 failures of 4, for 5 s; the lease of a probe is 30 s.
  static func small(permits: Int = 1, lease: Duration = .seconds(30)) -> CircuitBreakerPolicy {
    CircuitBreakerPolicy(
      window: .count(4), failureRate: 0.5, minimumThroughput: 4, openTime: .seconds(5),
      maxOpenTime: .seconds(60), openTimeJitter: 0, halfOpenPermits: permits, probeLease: lease)
  }
}

extension CircuitBreaker {
  /// Makes a call that ends at once; `false` when it was rejected.
  @discardableResult
  func call(_ verdict: Verdict, at now: Instant) -> Bool {
    switch admit(at: now) {
    case .admitted(let permit):
      permit.finish(verdict, at: now)
      return true
    case .rejected:
      return false
    }
  }

  func permit(at now: Instant) throws -> CircuitBreakerPermit {
    switch admit(at: now) {
    case .admitted(let permit): return permit
    case .rejected(let retryAt): throw CircuitOpen(breaker: name, retryAt: retryAt)
    }
  }

  /// Whether a call is rejected; a permit goes back at once.
  func rejects(at now: Instant) -> Bool {
    switch admit(at: now) {
    case .admitted: false
    case .rejected: true
    }
  }

  /// Four failures.
  func trip(at now: Instant) {
    for _ in 0..<4 { call(.failure, at: now) }
  }
}

/// Keeps a permit where a collection needs a copyable value.
final class HeldPermit: Sendable {
  let permit: CircuitBreakerPermit
  init(_ permit: consuming CircuitBreakerPermit) { self.permit = permit }
}

/// A number that several tasks count up.
final class Counter: Sendable {
  private let value = Atomic(0)
  var count: Int { value.load(ordering: .relaxed) }
  func increment() { value.wrappingAdd(1, ordering: .relaxed) }
}
