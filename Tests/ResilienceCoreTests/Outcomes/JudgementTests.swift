import ResilienceTestKit
import Testing

@testable import ResilienceCore

private struct Broken: Error, Hashable {}
private struct Refused: Rejection, PushbackProviding {
  var retryAt: Instant?
  var pushback: Pushback { .overloaded }
}
private struct Overloaded: Error, PushbackProviding { var pushback: Pushback { .overloaded } }

/// Somebody else's layer around the one that is judged.
private struct Layer<Base: Handler>: HandlerDecorator {
  let base: Base

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    try await base.handle(input, context: context)
  }
}

/// The one judgement of what was thrown.
@Suite struct JudgementTests {
  /// Runs `body` in a task that was cancelled.
  private func cancelled<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return body()
    }.value
  }

  /// At instant 10 of a clock that stands still.
  private static func context(deadline: Int64? = nil) -> CallContext {
    var context = CallContext.current
    if let deadline { context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: deadline))) }
    return context
  }

  private func atTen<Value: Sendable>(_ body: () async throws -> Value) async rethrows -> Value {
    let clock = ManualClock(now: Instant(nanoseconds: 10))
    return try await CallContext.withEnvironment(CallEnvironment(clock: clock)) { try await body() }
  }

  /// What the leaf says of any error; and that it was asked.
  private func judged(
    _ error: any Error, as classified: Outcome?, in context: CallContext, isCancelled: Bool
  ) async -> (outcome: Outcome, asked: Int) {
    let asked = Log<Void>()
    let call = ServiceCall { (_: Void) in }.classify { _ in
      asked.append(())
      return classified
    }
    let stack = Layer(base: AnyHandler(Layer(base: call))).named("stack")
    if isCancelled {
      let outcome = await cancelled { stack.judge(error, in: context) }
      return (outcome, asked.entries.count)
    }
    return (stack.judge(error, in: context), asked.entries.count)
  }

  @Test func row65_aCancellationThatTheCallerDidNotCauseIsAFailureAndTheLeafIsAsked() async {
    #expect(Outcome(ofError: CancellationError()) == .failure)
    #expect(ServiceCall { (_: Void) in }.judge(CancellationError(), in: .current) == .failure)
    let (outcome, asked) = await judged(
      CancellationError(), as: .success, in: .current, isCancelled: false)
    #expect(outcome == .success)
    #expect(asked == 1)
  }

  @Test(arguments: [CancellationError() as any Error, Broken(), Overloaded(), Refused()])
  func row66_whateverIsThrownAfterTheCallerCancelledIsNeutralWithItsPushback(error: any Error) async {
    let expected = Outcome(.neutral, pushback: error is any PushbackProviding ? .overloaded : .none)
    for classified in [nil, Outcome.success, .failure, .failure(.doNotRetry)] {
      for deadline in [nil, 11] as [Int64?] {
        let (outcome, asked) = await atTen {
          await judged(error, as: classified, in: Self.context(deadline: deadline), isCancelled: true)
        }
        #expect(outcome == expected)
        #expect(asked == 0)
      }
    }
    let inline = await cancelled { Outcome(ofError: error) }
    #expect(inline == expected)
  }

  /// A limit outside cancelled it: the destination was too slow.
  @Test(arguments: [9, 10] as [Int64])
  func whatIsThrownWhenTheTimeIsUpIsTheLeafsToJudge(deadline: Int64) async {
    await atTen {
      let context = Self.context(deadline: deadline)
      let (outcome, asked) = await judged(
        CancellationError(), as: nil, in: context, isCancelled: true)
      #expect(outcome == .failure)
      #expect(asked == 1)
      #expect(await judged(Broken(), as: .success, in: context, isCancelled: true).outcome == .success)
      #expect(
        await judged(Refused(), as: .failure, in: context, isCancelled: true).outcome.verdict == .neutral)
    }
  }

  @Test func aRefusalIsNeutralAndNobodyIsAsked() async {
    let (outcome, asked) = await judged(Refused(), as: .failure, in: .current, isCancelled: false)
    #expect(outcome == Outcome(.neutral, pushback: .overloaded))
    #expect(asked == 0)
    #expect(Outcome(ofError: Refused()) == Outcome(.neutral, pushback: .overloaded))
  }

  @Test func anythingElseIsWhatTheLeafSays() async {
    #expect(await judged(Broken(), as: nil, in: .current, isCancelled: false).outcome == .failure)
    #expect(
      await judged(Overloaded(), as: nil, in: .current, isCancelled: false).outcome == .failure(.overloaded))
    #expect(await judged(Broken(), as: .neutral, in: .current, isCancelled: false).outcome == .neutral)
  }

  /// Without a context of its own it goes by the present one.
  @Test func theInlineFacesGoByTheCurrentDeadline() async {
    await atTen {
      for (deadline, outcome) in [(10, Outcome.failure), (11, .neutral)] as [(Int64, Outcome)] {
        await CallContext.withCurrent(Self.context(deadline: deadline)) {
          let judged = await Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return Outcome(ofError: Broken())
          }.value
          #expect(judged == outcome)
        }
      }
    }
  }
}
