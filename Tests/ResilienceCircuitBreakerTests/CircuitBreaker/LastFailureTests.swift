import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What a rejection says of why the breaker opened, and of how many calls it has turned away.
@Suite struct LastFailureTests {
  private struct Down: Error, Equatable { var number: Int }

  /// Fails with numbered errors as long as it is told to.
  private func numbered(_ breaker: CircuitBreaker) -> some Handler<Int, Void> {
    ServiceCall("payment") { (number: Int) in if number >= 0 { throw Down(number: number) } }
      .circuitBreaker(breaker)
  }

  private func rejection(_ call: some Handler<Int, Void>) async -> CircuitOpen? {
    await #expect(throws: CircuitOpen.self) { try await call(-1) }
  }

  @Test func aRejectionCarriesTheErrorByWhichTheBreakerOpenedAndTheCallsRefusedSince() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      let call = numbered(breaker)
      for number in 1...4 { try? await call(number) }
      for refused in 1...3 {
        let open = await rejection(call)
        #expect(open?.lastFailure as? Down == Down(number: 4))
        #expect(open?.refusedCalls == refused)
      }
      // A failed probe opens again: its error is the last, and the count goes on.
      try await sim.sleep(for: .seconds(5))
      try? await call(5)
      let open = await rejection(call)
      #expect(open?.lastFailure as? Down == Down(number: 5))
      #expect(open?.refusedCalls == 4)
    }
  }

  @Test func closingDropsTheErrorAndTheCount() throws {
    final class Marked: Error, Sendable {}
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      weak var error: Marked?
      do {
        let made = Marked()
        error = made
        for _ in 0..<4 { try? await breaker.run { throw made } }
      }
      #expect(error != nil)
      await #expect(throws: CircuitOpen.self) { try await breaker.run {} }
      try await sim.sleep(for: .seconds(5))
      try await breaker.run {}
      #expect(error == nil)
      for _ in 0..<4 { try? await breaker.run { throw Broken() } }
      let open = await #expect(throws: CircuitOpen.self) { try await breaker.run {} }
      #expect(open?.lastFailure is Broken)
      #expect(open?.refusedCalls == 1)
    }
  }

  @Test func aValueThatCountsAsAFailureSaysWhatItAskedFor() async throws {
    let breaker = CircuitBreaker("http", policy: .small())
    let call = ServiceCall { (status: Int) in status }
      .classify { _ in .failure(.overloaded(retryAfter: .seconds(7))) }
      .circuitBreaker(breaker)
    for _ in 0..<4 { _ = try await call(503) }
    let open = await #expect(throws: CircuitOpen.self) { try await call(503) }
    let failure = open?.lastFailure as? CircuitOpen.FailedValue
    #expect(failure?.pushback.retryAfter == .seconds(7))
  }

  @Test func aPermitMayBeGivenBackWithItsError() throws {
    let breaker = CircuitBreaker("payment", policy: .small())
    for number in 1...4 {
      try breaker.permit(at: .s(0)).finish(.failure, throwing: Down(number: number), at: .s(0))
    }
    #expect(breaker.state(at: .s(0)) == .open(until: .s(5)))
    #expect(breaker.rejects(at: .s(1)))
    #expect(breaker.snapshot(at: .s(1)).failures == 4)
  }

  @Test func byHandThereIsNoFailure() throws {
    try Simulation(seed: 1).run { _ in
      let breaker = CircuitBreaker("payment", policy: .small())
      let call = numbered(breaker)
      for number in 1...4 { try? await call(number) }
      _ = await rejection(call)
      breaker.set(.forcedOpen)
      let open = await rejection(call)
      #expect(open?.lastFailure == nil)
      #expect(open?.refusedCalls == 1)
    }
  }

  /// Calls that hang open it, not a failure.
  @Test func whatOpensWithoutAFailureHasNone() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker(
        "payment",
        policy: CircuitBreakerPolicy(
          window: .count(4), slowCalls: .init(threshold: .seconds(1), rate: 0.5), minimumThroughput: 2,
          openTimeJitter: 0))
      await withTaskGroup { group in
        for _ in 0..<2 {
          group.addTask { try? await breaker.run { try await sim.sleep(for: .seconds(30)) } }
        }
        try? await sim.sleep(for: .seconds(2))
        let open = await #expect(throws: CircuitOpen.self) { try await breaker.run {} }
        #expect(open?.lastFailure == nil)
        group.cancelAll()
      }
    }
  }

  @Test func theDescriptionSaysBothAndNoMoreThanItMust() {
    let one = CircuitOpen(breaker: "payment", reason: .probing, retryAt: nil, refusedCalls: 1)
    #expect("\(one)".hasSuffix("did not make the call"))
    let many = CircuitOpen(
      breaker: "payment", reason: .forced, retryAt: nil, lastFailure: Down(number: 3), refusedCalls: 12)
    #expect("\(many)".hasSuffix("; it has refused 12 calls; the last failure: Down(number: 3)"))
    struct Long: Error, CustomStringConvertible { let description = String(repeating: "a\n", count: 500) }
    let long = CircuitOpen(breaker: "payment", retryAt: nil, lastFailure: Long())
    #expect("\(long)".utf8.count < 500)
    #expect(!"\(long)".contains("\n"))
  }

  @Test func equalityIsThatOfTheState() {
    let plain = CircuitOpen(breaker: "payment", retryAt: .s(5))
    #expect(plain == CircuitOpen(breaker: "payment", retryAt: .s(5), lastFailure: Broken(), refusedCalls: 3))
    #expect(plain != CircuitOpen(breaker: "payment", retryAt: .s(6)))
  }
}
