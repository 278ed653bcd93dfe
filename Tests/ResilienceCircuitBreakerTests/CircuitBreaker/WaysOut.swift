import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// A call that was let in, and a way in which it ends: one cell of the table.
struct WaysOut: Sendable, CustomTestStringConvertible {
  enum Holding: CaseIterable {
    /// A permit of a closed breaker.
    case closed
    /// One of three probes.
    case probe
    /// A place among the calls that a recovering breaker lets through.
    case ramp
  }

  enum Way: CaseIterable {
    case success, failure
    /// The result of a probe whose lease has ended, or of a call whose state has.
    case lateValue, lateFailure
    /// A layer further in refused: nothing ran.
    case refusal
    /// The caller cancelled, and the work said so, or threw an error of its own.
    case cancelled, cancelledWithAnotherError
    /// The permit was dropped.
    case abandoned

    var isLate: Bool { self == .lateValue || self == .lateFailure }
  }

  let holding: Holding
  let way: Way

  static func all(but left: Set<Way> = []) -> [WaysOut] {
    Holding.allCases.flatMap { holding in
      Way.allCases.filter { !left.contains($0) }.map { WaysOut(holding: holding, way: $0) }
    }
  }

  var testDescription: String { "\(holding), \(way)" }

  // MARK: - The table

  /// What is counted, and how many of the three probes are free afterwards.
  struct Effect: Equatable {
    var successes = 0
    var failures = 0
    var stale = 0
    var freeProbes = 3
  }

  var effect: Effect {
    var effect: Effect =
      switch way {
      case .success: Effect(successes: 1, freeProbes: 2)
      case .failure: Effect(failures: 1, freeProbes: 2)
      // The lease has ended before, and that is a failure.
      case .lateValue, .lateFailure: Effect(failures: holding == .probe ? 1 : 0, stale: 1, freeProbes: 2)
      case .refusal, .cancelled, .cancelledWithAnotherError, .abandoned: Effect()
      }
    if holding != .probe { effect.freeProbes = 0 }
    return effect
  }
}

// MARK: - A breaker in the state

extension WaysOut {
  /// Calls are timed, so that those under way are known.
  private var policy: CircuitBreakerPolicy {
    CircuitBreakerPolicy(
      window: .count(4), slowCalls: .init(threshold: .seconds(8)), minimumThroughput: 4,
      openTime: .seconds(5), maxOpenTime: .seconds(60), openTimeJitter: 0, halfOpenPermits: 3,
      probeLease: .seconds(30), rampTime: holding == .ramp ? .seconds(1_000_000) : .zero)
  }

  /// A breaker in its state at second 5.
  func makeBreaker() -> CircuitBreaker {
    let breaker = CircuitBreaker("payment", policy: policy)
    if holding != .closed { breaker.trip(at: .s(0)) }
    // Two of three successes decide.
    if holding == .ramp { for _ in 0..<2 { breaker.call(.success, at: .s(5)) } }
    return breaker
  }

  /// Makes a result late at an instant 30 s after its call began.
  func makeLate(_ breaker: CircuitBreaker, at now: Instant) {
    if holding == .probe { _ = breaker.state(at: now) } else { breaker.set(nil, at: now) }
  }

  /// What has become of the breaker by `now`, beyond what it was before.
  func effect(on breaker: CircuitBreaker, since before: CircuitBreakerSnapshot, at now: Instant) -> Effect {
    let after = breaker.snapshot(at: now)
    var probes: [HeldPermit] = []
    while holding == .probe, case .admitted(let permit) = breaker.admit(at: now) {
      probes.append(HeldPermit(permit))
    }
    return Effect(
      successes: after.successes - before.successes, failures: after.failures - before.failures,
      stale: after.staleResults - before.staleResults, freeProbes: probes.count)
  }
}
