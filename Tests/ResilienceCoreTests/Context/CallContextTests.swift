import ResilienceTestKit
import Testing

@testable import ResilienceCore

private struct Noticed: ResilienceEvent {
  var name: String { "test.noticed" }
  var attributes: [EventAttribute] { [EventAttribute("count", .integer(1))] }
}

@Suite struct CallContextTests {
  @Test func aDeadlineIsOnlyEverTightened() {
    var context = CallContext.current
    #expect(!context.isChanged)
    context.tightenDeadline(to: .never)
    #expect(!context.isChanged)
    context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 10)))
    context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 20)))
    #expect(context.deadline == Deadline(at: Instant(nanoseconds: 10)))
    #expect(context.isChanged)
  }

  @Test func aDroppedDeadlineIsBoundByTheLeaf() async throws {
    var context = CallContext.current
    context.dropDeadline()
    #expect(!context.isChanged)
    context.tightenDeadline(to: Deadline(at: Instant(nanoseconds: 10)))
    try await CallContext.withCurrent(context) {
      var inner = CallContext.current
      #expect(!inner.isChanged)
      inner.dropDeadline()
      #expect(inner.isChanged)
      let seen = try await ServiceCall { (_: Int) in CallContext.current.deadline }.handle(1, context: inner)
      #expect(seen == .never)
    }
  }

  @Test func theTimeIsReadOnceUntilTheNextAttempt() async {
    let clock = ManualClock()
    await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      var context = CallContext.current
      #expect(context.now == Instant(nanoseconds: 0))
      clock.advance(by: .nanoseconds(7))
      #expect(context.now == Instant(nanoseconds: 0))
      #expect(context.readClock() == Instant(nanoseconds: 7))
      context.beginAttempt(2)
      #expect(context.now == Instant(nanoseconds: 7))
      #expect(context.attempt == 2)
    }
  }

  @Test func onlyTheOutermostLayerClaimsTheCallID() {
    var context = CallContext.current
    #expect(context.callID == 0)
    #expect(context.isUnclaimed)
    context.drawCallID()
    let id = context.callID
    #expect(id != 0)
    #expect(!context.isUnclaimed)
    context.drawCallID()
    #expect(context.callID == id)
  }

  @Test func anAttemptKnowsHowManyThereMayBe() {
    var context = CallContext.current
    #expect(context.attemptHeader == "attempt=1; max=1")
    #expect(context.isLastAttempt)
    context.beginAttempt(2, of: 3)
    #expect(context.attemptHeader == "attempt=2; max=3")
    #expect(!context.isLastAttempt)
    context = .current
    context.beginAttempt(3, of: 3)
    #expect(context.attemptHeader == "attempt=3; max=3")
    #expect(context.isLastAttempt)
    context = .current
    context.beginAttempt(4, of: 3)
    #expect(context.maxAttempts == 4, "never fewer than there are")
  }

  /// Attempt `inner` of 2 inside attempt `outer` of 3.
  @Test(
    arguments: [(1, 1, 1), (1, 2, 2), (2, 1, 3), (2, 2, 4), (3, 1, 5), (3, 2, 6)]
      as [(UInt32, UInt32, UInt16)])
  func row99_attemptsOfNestedLayersAreToldApart(outer: UInt32, inner: UInt32, number: UInt16) {
    var context = CallContext.current
    context.beginAttempt(outer, of: 3)
    context.beginAttempt(inner, of: 2)
    #expect(context.attempt == number)
    #expect(context.maxAttempts == 6)
    #expect(context.isLastAttempt == (number == 6))
    #expect(context.attemptHeader == "attempt=\(number); max=6")
  }

  @Test func withoutABoundNoAttemptIsTheLast() {
    var context = CallContext.current
    context.beginAttempt(.max, of: .max)
    #expect(!context.isLastAttempt)
    #expect(context.maxAttempts == .max)
    #expect(context.attemptHeader == "attempt=65535")
    context.beginAttempt(3, of: 3)
    #expect(!context.isLastAttempt)
    #expect(context.attempt == .max)
  }

  @Test func eventsAreMadeOnlyForAnObserver() async {
    func event() -> Noticed {
      Issue.record("made although nobody observes")
      return Noticed()
    }
    CallContext.current.emit(event())
    let recorder = EventRecorder()
    await CallContext.withObserver(recorder) { CallContext.current.emit(Noticed()) }
    #expect(recorder.descriptions == ["test.noticed count=1"])
  }

  @Test func anAddedObserverHearsBesideTheOneThatIsBound() async {
    let (first, second) = (EventRecorder(), EventRecorder())
    await CallContext.withAddedObserver(first) {
      CallContext.current.emit(Noticed())
      await CallContext.withAddedObserver(second) {
        await CallContext.withAddedObserver(first) { CallContext.current.emit(Noticed()) }
      }
    }
    #expect(first.descriptions == ["test.noticed count=1", "test.noticed count=1"])
    #expect(second.descriptions == ["test.noticed count=1"])
    #expect(CallContext.observer == nil)
  }

  @Test func chanceComesFromTheEnvironment() async {
    let draws = await CallContext.withEnvironment(CallEnvironment(random: SeededRandomSource(seed: 5))) {
      [CallContext.current.random(), CallContext.current.random()]
    }
    let source = SeededRandomSource(seed: 5)
    #expect(draws == [source.next(), source.next()])
  }

  @Test func baggageAndContextTravelThroughACarrier() async {
    struct Format: ContextPropagator {
      func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
        guard context.trace.isPresent else { return }
        carrier.set("\(context.trace.traceLow)", forName: "x-trace")
      }
      func extract(
        from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
      ) {
        let values = carrier.values(forName: "X-Trace")
        guard let id = values.first.flatMap({ UInt64($0) }) else { return }
        context.enterSpan(TraceIDs(traceHigh: 0, traceLow: id, span: 1, flags: 1))
        baggage = "carried"
      }
    }
    var sent: [String: String] = [:]
    Format().inject(.current, into: &sent)
    #expect(sent == [:])
    await Format().withExtracted(from: ["x-trace": "77"]) {
      #expect(CallContext.current.trace.traceLow == 77)
      #expect(CallContext.baggage as? String == "carried")
      Format().inject(.current, into: &sent)
    }
    #expect(sent == ["x-trace": "77"])
    #expect(CallContext.baggage == nil)
    await Format().withExtracted(from: ["x-trace": "not a number"]) {
      #expect(!CallContext.current.trace.isPresent)
    }
  }
}
