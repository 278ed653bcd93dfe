import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

/// Fallback and coalescing among the other patterns.
@Suite struct DegradedStackTests {
  @Test func aFallbackOutsideABreakerAnswersWhileItIsOpen() throws {
    try Simulation(seed: 1).run { _ in
      let breaker = CircuitBreaker(
        "price",
        policy: CircuitBreakerPolicy(
          window: .count(4), failureRate: 0.5, minimumThroughput: 2, openTime: .seconds(5),
          maxOpenTime: .seconds(60), halfOpenPermits: 1))
      let calls = Log<Int>()
      let call = ServiceCall("price") { (number: Int) -> Int in
        calls.append(number)
        throw Down()
      }.circuitBreaker(breaker).retry(budget: nil).deadline(.seconds(1)).fallback(0)
      for number in 1...20 {
        let price = try await call(number)
        #expect(price == 0)
      }
      #expect(calls.entries.count == 2, "the breaker saw the failures, not the second-best answers")
    }
  }

  /// The limit has cancelled the work, and the caller still waits for an answer.
  @Test func insideALimitThatHasPassedAFallbackStillAnswers() throws {
    try Simulation(seed: 1).run { simulation in
      let call = ServiceCall("price") { (_: Int) -> Int in
        try await simulation.sleep(for: .seconds(60))
        return 1
      }.fallback(0)
      try await #expect(call.timeout(.milliseconds(10))(1) == 0)
      try await #expect(call.timeout(.milliseconds(10)).deadline(.milliseconds(5))(1) == 0)
    }
  }

  @Test func aDegradedAnswerIsNotRetried() throws {
    try Simulation(seed: 1).run { _ in
      let calls = Log<Int>()
      let call = ServiceCall("price") { (number: Int) -> Int in
        calls.append(number)
        throw Down()
      }
      // Erased, since the compiler warns of a retry around a fallback.
      .fallback(0).erased().retry()
      _ = try await call(1)
      #expect(calls.entries.count == 1)
    }
  }

  @Test func whoJoinsAnExecutionNotesItsSpanInTheTrace() throws {
    try Simulation(seed: 1).run { simulation in
      let tracer = CallTracer("test")
      let call = ServiceCall("catalogue") { (_: Int) in
        try await simulation.sleep(for: .milliseconds(20))
      }.coalesce(by: \.self).trace(tracer)
      try await withThrowingTaskGroup(of: Void.self) { callers in
        for _ in 1...2 { callers.addTask { try await call(7) } }
        try await callers.waitForAll()
      }
      let waterfalls = tracer.store.traces.map { tracer.store.waterfall(of: $0) }
      #expect(waterfalls.filter { $0.contains("coalescing.joined call=catalogue leader_trace=") }.count == 1)
    }
  }

  @Test func aRetriedExecutionIsSharedAsAWhole() throws {
    try Simulation(seed: 1).run { simulation in
      let attempts = Log<Int>()
      let call = ServiceCall("catalogue") { (_: Int) -> Int in
        attempts.append(1)
        try await simulation.sleep(for: .milliseconds(20))
        guard attempts.entries.count == 3 else { throw Down() }
        return 42
      }.retry(budget: nil).coalesce(by: \.self).deadline(.seconds(10))
      let answers = try await withThrowingTaskGroup(of: Int.self) { callers in
        for _ in 1...50 { callers.addTask { try await call(7) } }
        return try await callers.reduce(into: []) { $0.append($1) }
      }
      #expect(answers == Array(repeating: 42, count: 50))
      #expect(attempts.entries.count == 3)
    }
  }

  @Test func row25_aCoalescedCallEndsWithItsOwnDeadline() throws {
    try Simulation.explore(seeds: 0..<20) { simulation in
      let call = ServiceCall("catalogue") { (_: Int) in try await simulation.sleep(for: .seconds(3600)) }
        .coalesce(by: \.self).deadline(.seconds(1))
      await withTaskGroup { callers in
        for _ in 1...5 { callers.addTask { try? await call(7) } }
      }
      try simulation.require(simulation.now == Instant(nanoseconds: 1_000_000_000), "\(simulation.now)")
    }
  }
}
