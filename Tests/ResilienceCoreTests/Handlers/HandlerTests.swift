import ResilienceTestKit
import Testing

@testable import ResilienceCore

/// A decorator with nothing in it: what every modifier forwards.
private struct Layer<Base: Handler>: HandlerDecorator {
  let base: Base
  var change: @Sendable (inout CallContext) -> Void = { _ in }

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    var context = context
    change(&context)
    return try await base.handle(input, context: context)
  }
}

private struct Response: Sendable, PushbackProviding {
  var status: Int
  var pushback: Pushback { status == 429 ? .retryAfter(.seconds(1)) : .none }
  var verdict: Verdict { status < 400 ? .success : .failure }
}

private struct Refused: Rejection { var retryAt: Instant? }
private struct Broken: Error {}
private struct Overloaded: Error, PushbackProviding { var pushback: Pushback { .overloaded } }

@Suite struct HandlerTests {
  @Test func aCallRunsItsClosure() async throws {
    let double = ServiceCall("double") { (input: Int) in input * 2 }
    #expect(try await double(21) == 42)
    #expect(double.traits == CallTraits(name: "double"))
  }

  @Test func theContextFormSeesWhatTheLayersChanged() async throws {
    let deadline = Deadline(at: Instant(nanoseconds: 5))
    let call = Layer(base: ServiceCall { (_: Int, context) in context.deadline }) {
      $0.tightenDeadline(to: deadline)
    }
    #expect(try await call(0) == deadline)
  }

  @Test func theLeafBindsAChangedContextForNestedCallsAndUnbindsIt() async throws {
    let deadline = Deadline(at: Instant(nanoseconds: 5))
    let nested = ServiceCall { (_: Void, context) in context.deadline }
    let call = Layer(base: ServiceCall { (_: Void) in try await nested() }) {
      $0.tightenDeadline(to: deadline)
    }
    #expect(try await call() == deadline)
    #expect(CallContext.current.deadline == .never)
  }

  @Test func nestedCallsAreLogicalCallsOfTheirOwn() async throws {
    let nested = ServiceCall { (_: Void, context) in context.callID }
    let call = Layer(base: ServiceCall { (_: Void) in try await nested() }) {
      $0.drawCallID()
      $0.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 5)))
    }
    #expect(try await call() == 0)
  }

  @Test(arguments: [
    (200, Verdict.success, Pushback.none), (429, .failure, .retryAfter(.seconds(1))), (500, .failure, .none),
  ])
  func aValueThatProvidesPushbackSaysHowItCounts(status: Int, verdict: Verdict, pushback: Pushback) {
    let call = ServiceCall { (_: Void) in Response(status: status) }
    #expect(call.outcome(ofValue: Response(status: status)) == Outcome(verdict, pushback: pushback))
    #expect(ServiceCall { (_: Void) in status }.outcome(ofValue: status) == .success)
  }

  @Test(arguments: [
    (CancellationError() as any Error, Outcome.failure),
    (Refused(), .neutral),
    (Broken(), .failure), (Overloaded(), .failure(.overloaded)),
  ])
  func errorsCountByDefault(error: any Error, outcome: Outcome) {
    let call = ServiceCall { (_: Void) in }
    #expect(call.outcome(ofError: error) == outcome)
    #expect(AnyHandler(Layer(base: call)).outcome(ofError: error) == outcome)
  }

  @Test func whatTheLeafClassifiesHoldsForEveryLayerAboveAndTheRestIsDefault() {
    let call = ServiceCall { (_: Void) in Response(status: 200) }.classify { result in
      switch result {
      case .success(let response) where response.status == 404: .success
      case .failure(is Broken): .neutral
      default: nil
      }
    }
    let stack = AnyHandler(Layer(base: Layer(base: call)))
    #expect(stack.outcome(ofValue: Response(status: 404)) == .success)
    #expect(stack.outcome(ofValue: Response(status: 500)) == .failure)
    #expect(stack.outcome(ofError: Broken()) == .neutral)
    #expect(stack.outcome(ofError: Overloaded()) == .failure(.overloaded))
  }

  @Test func traitsAreForwardedAndChanged() {
    let call = ServiceCall("pay") { (_: Int) in }
    let stack = Layer(base: call.nonIdempotent())
    #expect(stack.traits == CallTraits(name: "pay", idempotency: .nonIdempotent))
    #expect(
      stack.erased().named("charge").idempotent().traits
        == CallTraits(name: "charge", idempotency: .idempotent))
  }

  @Test func anInputCanBeSentTwiceUnlessSaidOtherwise() {
    let call = ServiceCall("upload") { (_: Int) in }
    #expect(call.traits.isReplayable)
    #expect(!Layer(base: call.notReplayable()).named("file").traits.isReplayable)
  }

  @Test func onlyAClosureWithoutTheContextDoesNotReadTheAttempt() {
    let plain = ServiceCall { (_: Int) in }
    let withContext = ServiceCall { (_: Int, context: CallContext) in }
    #expect(!AnyHandler(plain.named("a")).classify { _ in nil }.idempotent().mayReadAttempt)
    #expect(AnyHandler(withContext.named("a")).classify { _ in nil }.idempotent().mayReadAttempt)
    #expect(AnyHandler(Layer(base: plain)).idempotent().mayReadAttempt, "somebody else's layer may")
  }

  @Test func whoJudgesValuesIsKnownThroughEveryLayer() {
    struct Bare: Handler {
      func handle(_ input: Int, context: CallContext) async throws {}
    }
    let plain = ServiceCall { (_: Int) in 1 }
    let judging = ServiceCall { (_: Int) in Response(status: 200) }
    #expect(!AnyHandler(plain.named("a")).idempotent().mayJudgeValues)
    #expect(AnyHandler(judging.named("a")).idempotent().mayJudgeValues)
    #expect(AnyHandler(plain.classify { _ in nil }.named("a")).idempotent().mayJudgeValues)
    #expect(AnyHandler(Layer(base: plain)).idempotent().mayJudgeValues, "somebody else's layer may")
    #expect(Bare().mayJudgeValues)
    #expect(Bare().mayReadAttempt)
  }

  @Test func anErasedHandlerCanBeDecoratedAgain() async throws {
    let stored: [any Handler<Int, Int>] = [ServiceCall { $0 + 1 }, Layer(base: ServiceCall { $0 + 2 })]
    var results: [Int] = []
    for handler in stored { results.append(try await Layer(base: AnyHandler(AnyHandler(handler)))(1)) }
    #expect(results == [2, 3])
  }

  @Test func theWorkStaysOnTheCallersActor() async throws {
    try await Home.shared.callThroughLayers()
    try await mainActorCall()
  }

  @MainActor private func mainActorCall() async throws {
    var touched = 0
    let call = Layer(base: ServiceCall { (_: Void) in MainActor.preconditionIsolated() }) {
      $0.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 1)))
    }
    try await call()
    touched += 1
    #expect(touched == 1)
  }
}

private actor Home {
  static let shared = Home()

  func callThroughLayers() async throws {
    let plain = ServiceCall { (_: Void) in Home.shared.preconditionIsolated("left the actor") }
    try await plain()
    try await Layer(base: plain)()
    try await Layer(base: plain) { $0.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 1))) }()
    try await CallContext.withEnvironment(CallEnvironment()) {
      preconditionIsolated("left the actor")
      try await plain()
    }
  }
}
