import ResilienceCore
import ResilienceFallback
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private struct Busy: Error, PushbackProviding {
  var pushback: Pushback { .retryAfter(.seconds(2)) }
}

/// What the caller gets when the fallback fails too.
@Suite struct FallbackFailedTests {
  private func throwing(_ error: any Error) -> ServiceCall<Int, String> {
    ServiceCall("price") { _ in throw error }
  }

  // MARK: - Both errors

  @Test func bothErrorsReachTheCaller() throws {
    let (_, events) = try simulate { _ in
      let call = throwing(Failure(number: 3)).fallback { _, _ in throw Failure(number: 4) }
      let error = await #expect(throws: FallbackFailed.self) { try await call(7) }
      #expect(error?.call == "price")
      #expect(error?.cause as? Failure == Failure(number: 3))
      #expect(error?.error as? Failure == Failure(number: 4))
      let text = "price failed with: Failure(number: 3); its fallback failed with: Failure(number: 4)"
      #expect(error?.description == text)
    }
    #expect(events == ["fallback.failed call=price cause=Failure(number: 3) error=Failure(number: 4)"])
  }

  @Test func anAnswerThatCountsAsAFailureIsNamedToo() async {
    let call = ServiceCall { (_: Int) in 503 }
      .classify { result in if case .success(503) = result { .failure(.retryAfter(.seconds(2))) } else { nil }
      }
      .fallback { _, _ in throw Failure(number: 4) }
    let error = await #expect(throws: FallbackFailed.self) { try await call(7) }
    #expect(error?.cause == nil)
    #expect(error?.pushback == .retryAfter(.seconds(2)))
    let text = "the call failed with: an answer that counts as a failure; its fallback failed with: "
    #expect(error?.description == text + "Failure(number: 4)")
  }

  @Test func whatTheDestinationAskedForIsKept() async {
    let call = throwing(Busy()).fallback { _, _ in throw Failure(number: 4) }
    let error = await #expect(throws: FallbackFailed.self) { try await call(7) }
    #expect(error?.pushback == .retryAfter(.seconds(2)))
    #expect(error.map { call.judge($0, in: .current) } == .failure(.retryAfter(.seconds(2))))
  }

  @Test func ofAChainTheCallerGetsAllErrors() async {
    let call = throwing(Failure(number: 1)).fallback { _, _ in throw Failure(number: 2) }
      .fallback { _, _ in throw Failure(number: 3) }
    let error = await #expect(throws: FallbackFailed.self) { try await call(7) }
    let inner = error?.cause as? FallbackFailed
    #expect(inner?.cause as? Failure == Failure(number: 1))
    #expect(inner?.error as? Failure == Failure(number: 2))
    #expect(error?.error as? Failure == Failure(number: 3))
  }

  // MARK: - As it is

  @Test func anErrorThatSaysTheSameIsThrownAsItIs() async {
    let same = throwing(Failure(number: 3)).fallback { _, result in try result.get() }
    await #expect(throws: Failure(number: 3)) { try await same(7) }
    let refused = throwing(Refusal(retryAt: nil)).fallback { _, result in try result.get() }
    await #expect(throws: Refusal(retryAt: nil)) { try await refused(7) }
  }

  @Test func anErrorThatIsNoFailureIsAnAnswer() async {
    for outcome in [Outcome.success, .neutral] {
      let call = throwing(Failure(number: 3))
        .classify { result in
          if case .failure(let error as Failure) = result, error.number == 4 { outcome } else { nil }
        }.fallback { _, _ in throw Failure(number: 4) }
      await #expect(throws: Failure(number: 4)) { try await call(7) }
    }
  }

  /// Whatever error is made of it.
  @Test(arguments: [false, true])
  func theCallersCancellationPassesThroughAsItIs(asItsOwnError: Bool) throws {
    try simulate { sim in
      let call = throwing(Failure(number: 3)).fallback { _, _ in
        do {
          try await sim.sleep(for: .seconds(1))
        } catch  where asItsOwnError {
          throw Failure(number: 4)
        }
        return "late"
      }
      try await cancelling(after: .milliseconds(10), sim) {
        if asItsOwnError {
          await #expect(throws: Failure(number: 4)) { try await call(7) }
        } else {
          await #expect(throws: CancellationError.self) { try await call(7) }
        }
      }
    }.value
  }

  /// A limit outside that has passed is no cancellation by the caller.
  @Test func aCancellationByALimitOutsideIsAFailureOfTheFallback() throws {
    try simulate { sim in
      let call = throwing(Failure(number: 3)).fallback { _, _ in
        try await sim.sleep(for: .seconds(1))
        return "late"
      }
      try await cancelling(after: .milliseconds(10), sim) {
        await #expect(throws: FallbackFailed.self) {
          try await call.handle(7, context: .current(deadline: .milliseconds(10)))
        }
      }
    }.value
  }

  // MARK: - What layers outside see

  @Test func theLeafMaySayWhatItIs() async throws {
    let call = throwing(Failure(number: 3))
      .classify { result in
        if case .failure(let error as FallbackFailed) = result, error.error is Failure {
          .neutral
        } else {
          nil
        }
      }.fallback { _, _ in throw Failure(number: 4) }
    let error = try #require(await #expect(throws: FallbackFailed.self) { try await call(7) })
    #expect(call.judge(error, in: .current) == .neutral)
  }

  /// A refusal says nothing about the destination; beside a failure it is a failure.
  @Test func aFailureBesideARefusalIsAFailure() async throws {
    let refusal = Refusal(retryAt: nil)
    for (cause, error) in [(refusal, Failure()), (Failure(), refusal)] as [(any Error, any Error)] {
      let call = throwing(cause).fallback { _, _ in throw error }
      let failed = try #require(await #expect(throws: FallbackFailed.self) { try await call(7) })
      #expect(call.named("outside").judge(failed, in: .current).verdict == .failure, "\(failed)")
    }
  }

  /// Two refusals are one: nothing was sent.
  @Test func twoRefusalsAreARefusal() async throws {
    let call = throwing(Refusal(retryAt: nil)).fallback { _, _ in throw Refusal(retryAt: .milliseconds(5)) }
    let refused = try #require(await #expect(throws: FallbackRefused.self) { try await call(7) })
    #expect(call.judge(refused, in: .current) == .neutral)
    #expect(call.judge(refused, in: .current).isRefusal(refused))
    #expect(refused.retryAt == .milliseconds(5))
    #expect(
      refused.description
        == "price was refused: \(Refusal(retryAt: nil)); its fallback was refused: \(Refusal(retryAt: .milliseconds(5)))"
    )
  }

  @Test func ofTwoRefusalsTheOneCountsThatARetryMayWaitFor() {
    let soon = Refusal(retryAt: .milliseconds(1), isRetryable: false)
    let late = Refusal(retryAt: .milliseconds(5))
    for refused in [FallbackRefused(cause: soon, error: late), FallbackRefused(cause: late, error: soon)] {
      #expect(refused.isRetryable)
      #expect(refused.retryAt == .milliseconds(5))
    }
    let neither = FallbackRefused(cause: soon, error: Refusal(retryAt: nil, isRetryable: false))
    #expect(!neither.isRetryable)
    #expect(neither.retryAt == .milliseconds(1))
  }
}
