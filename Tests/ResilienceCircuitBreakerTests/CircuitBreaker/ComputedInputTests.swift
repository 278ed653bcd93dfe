import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Row 73: what is computed from an input or an answer never traps, however absurd it is.
@Suite struct ComputedInputTests {
  struct Asked: Sendable {
    let retryAfter: Duration
    let openFor: Double
  }

  /// Of what the destination asks for counts what lies between nothing and the policy's most, here the
  /// default.
  private static let asked: [Asked] = [
    Asked(retryAfter: Duration(attoseconds: .min), openFor: 5),
    Asked(retryAfter: .seconds(Int64.min), openFor: 5), Asked(retryAfter: .nanoseconds(-1), openFor: 5),
    Asked(retryAfter: .zero, openFor: 5), Asked(retryAfter: Duration(attoseconds: 1), openFor: 5),
    Asked(retryAfter: .seconds(40), openFor: 40), Asked(retryAfter: .nanoseconds(Int64.max), openFor: 300),
    Asked(retryAfter: .seconds(Int64.max), openFor: 300),
    Asked(retryAfter: Duration(attoseconds: .max), openFor: 300),
  ]

  @Test(arguments: asked)
  func row73_whatTheDestinationAsksForIsClamped(asked: Asked) throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("stock", policy: .small())
      let call = ServiceCall { (retryAfter: Duration) in retryAfter }
        .classify { result in
          guard case .success(let retryAfter) = result else { return nil }
          return .failure(.overloaded(retryAfter: retryAfter))
        }
        .circuitBreaker(breaker)
      for _ in 0..<4 { _ = try await call(asked.retryAfter) }
      #expect(breaker.state(at: sim.now) == .open(until: .s(asked.openFor)))
    }
  }

  @Test(arguments: asked)
  func row73_soIsThatOfAPermit(asked: Asked) throws {
    let breaker = CircuitBreaker("stock", policy: .small())
    for _ in 0..<4 {
      let pushback = Pushback.overloaded(retryAfter: asked.retryAfter)
      try breaker.permit(at: .s(0)).finish(.failure, pushback: pushback, at: .s(0))
    }
    #expect(breaker.state(at: .s(0)) == .open(until: .s(asked.openFor)))
  }

  /// Whatever its hash is, and however its name reads.
  private struct Key: Hashable {
    let text: String
    static func == (left: Key, right: Key) -> Bool { left.text == right.text && right.text != "none" }
    func hash(into hasher: inout Hasher) {}
  }

  @Test func row73_anyKeyIsGivenABreakerOrPassesUnguarded() async throws {
    let breakers = CircuitBreakers<Key>("peers", policy: .small(), maxBreakers: 3)
    let call = ServiceCall { (_: String) in throw Broken() }.circuitBreaker(breakers, by: { Key(text: $0) })
    // The last one equals nothing, not even itself.
    for text in ["", "\0", String(repeating: "x", count: 100_000), "none"] {
      for _ in 0..<6 { try? await call(text) }
    }
    let snapshot = breakers.snapshot()
    #expect((snapshot.breakers, snapshot.notClosed) == (3, 3))
    #expect(snapshot.unguarded == 6)
  }
}
