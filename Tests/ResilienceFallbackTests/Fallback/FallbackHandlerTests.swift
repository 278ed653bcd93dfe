import ResilienceCore
import ResilienceFallback
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct FallbackHandlerTests {
  private func throwing(_ error: any Error) -> ServiceCall<Int, String> {
    ServiceCall("price") { _ in throw error }
  }

  // MARK: - What is replaced

  @Test func aSuccessIsNotReplaced() throws {
    let (value, events) = try simulate { _ in
      try await ServiceCall("price") { (number: Int) in "\(number)" }.fallback("old")(7)
    }
    #expect(value == "7")
    #expect(events.isEmpty)
  }

  @Test func aFailureIsReplacedByTheValue() throws {
    let (value, events) = try simulate { _ in try await throwing(Failure(number: 3)).fallback("old")(7) }
    #expect(value == "old")
    #expect(events == ["fallback.degraded call=price cause=Failure(number: 3)"])
  }

  @Test func aFunctionMakesTheAnswerFromTheInputAndTheError() async throws {
    let call = throwing(Failure(number: 3)).fallback { input, result in
      guard case .failure(let failure as Failure) = result else { return try result.get() }
      return "\(input) without \(failure.number)"
    }
    let value = try await call(7)
    #expect(value == "7 without 3")
  }

  @Test func aValueThatCountsAsAFailureIsReplacedToo() throws {
    let (value, events) = try simulate { _ in
      let call = ServiceCall("price") { (_: Int) in 503 }
        .classify { result in if case .success(503) = result { .failure } else { nil } }
      return try await call.fallback { _, result in try result.get() + 1_000 }(7)
    }
    #expect(value == 1_503)
    #expect(events == ["fallback.degraded call=price cause=an answer that counts as a failure"])
  }

  @Test func aRefusalIsReplaced() async throws {
    let value = try await throwing(Refusal(retryAt: nil)).fallback("old")(7)
    #expect(value == "old")
  }

  @Test func anErrorThatIsTheRequestsOwnFaultIsNot() async {
    for outcome in [Outcome.neutral, .success] {
      let call = throwing(Failure(number: 3)).classify { _ in outcome }.fallback("old")
      await #expect(throws: Failure(number: 3)) { try await call(7) }
    }
  }

  @Test func row65_aCancellationThatTheCallerDidNotCauseIsReplaced() async throws {
    let value = try await throwing(CancellationError()).fallback("old")(7)
    #expect(value == "old")
  }

  @Test func itIsNarrowedByACondition() async throws {
    let call = throwing(Failure(number: 3)).fallback("old") { input, result in
      if case .failure(let error) = result { error is Failure && input > 5 } else { false }
    }
    let value = try await call(6)
    #expect(value == "old")
    await #expect(throws: Failure(number: 3)) { try await call(5) }
  }

  @Test func theConditionIsNotAskedWhatIsNotReplacedAnyway() async {
    let call = throwing(Failure(number: 3)).classify { _ in .neutral }.fallback("old") { _, _ in
      Issue.record("asked about an error that is the request's own fault")
      return true
    }
    await #expect(throws: Failure(number: 3)) { try await call(7) }
  }

  // MARK: - The caller's cancellation

  @Test func nothingIsReplacedForACallerThatHasLeft() throws {
    let (_, events) = try simulate { sim in
      try await cancelling(after: .milliseconds(10), sim) {
        let call = ServiceCall("price") { (_: Int) -> String in
          await uninterrupted(for: .milliseconds(20))
          throw Failure(number: 3)
        }
        await #expect(throws: Failure(number: 3)) { try await call.fallback("old")(7) }
      }
    }
    #expect(events.isEmpty)
  }

  @Test(arguments: [0, 5, 10, 15, 20])
  func row28_cancellationAtAnyPointEndsTheCall(milliseconds: Int64) throws {
    for failing in [false, true] {
      let exploration = try Simulation.exploreEveryInterleaving { sim in
        let call = ServiceCall { (_: Int) in
          try await sim.sleep(for: .milliseconds(10))
          if failing { throw Failure() }
        }.fallback { _, _ in try await sim.sleep(for: .milliseconds(10)) }
        try await cancelling(after: .milliseconds(milliseconds), sim) {
          do {
            try await call(7)
          } catch is CancellationError {
          } catch is Failure {
            try sim.require(Task.isCancelled, "not replaced though the caller waits")
          }
        }
        try sim.require(sim.now <= .milliseconds(milliseconds), "late")
      }
      #expect(exploration.isComplete)
    }
  }

  // MARK: - The fallback itself

  @Test func itRunsInTheDeadlineOfTheCallAlsoAfterIt() throws {
    let (seen, _) = try simulate { sim in
      let call = ServiceCall { (_: Int) -> Deadline in
        try await sim.sleep(for: .milliseconds(50))
        throw Failure()
      }.fallback { _, _ in CallContext.current.deadline }
      return try await call.handle(7, context: .current(deadline: .milliseconds(30)))
    }
    #expect(seen == Deadline(at: .milliseconds(30)))
  }

  @Test func itRunsOnTheCallersActor() async throws {
    actor Shelf {
      func price() async throws -> Bool {
        let here = ObjectIdentifier(self)
        return try await ServiceCall { (_: Int) in throw Failure() }.fallback { _, _ in
          #isolation.map { ObjectIdentifier($0) } == here
        }(7)
      }
    }
    let isHere = try await Shelf().price()
    #expect(isHere)
  }

  // MARK: - What layers outside see

  @Test func aDegradedAnswerIsASuccessUnlessTheLeafSaysOtherwise() {
    let call = throwing(Failure()).fallback("old")
    #expect(call.outcome(ofValue: "old") == .success)
    let strict = throwing(Failure()).classify { result in
      if case .success("old") = result { .failure } else { nil }
    }.fallback("old")
    #expect(strict.outcome(ofValue: "old") == .failure)
    #expect(call.traits.name == "price")
  }

  @Test func ofTwoFallbacksTheInnerOneAnswersFirst() async throws {
    let call = throwing(Failure(number: 1)).fallback { _, _ in throw Failure(number: 2) }.fallback("default")
    let value = try await call(7)
    #expect(value == "default")
  }
}
