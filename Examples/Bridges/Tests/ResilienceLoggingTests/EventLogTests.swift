import InMemoryLogging
import Logging
import Resilience
import ResilienceLogging
import ResilienceTestKit
import Testing

@Suite struct EventLogTests {
  private struct Down: Error {}

  private func log(_ level: Logger.Level) -> (EventLog, InMemoryLogHandler) {
    var handler = InMemoryLogHandler()
    handler.logLevel = level
    let kept = handler
    return (EventLog(Logger(label: "test") { _ in kept }), kept)
  }

  /// A breaker that opens below the server's one line is a warning, with the facts and the trace of the call.
  @Test func aBreakerThatOpensIsAWarningWithTheCallsTrace() throws {
    let (log, lines) = log(.info)
    let store = TraceStore()
    try Simulation(seed: 3).run { _ in
      let breaker = CircuitBreaker(
        "payment", policy: CircuitBreakerPolicy(consecutiveFailures: 2))
      let charge = ServiceCall("charge") { (_: Void) in throw Down() }
        .circuitBreaker(breaker)
        .retry(RetryPolicy(maxAttempts: 2))
        .trace(CallTracer("shop", store: store))
      await log.observing { try? await charge() }
    }
    #expect(
      lines.entries.map { "\($0.level) \($0.message)" } == [
        "warning circuit_breaker.opened", "info retry.gave_up",
      ])
    let opened = try #require(lines.entries.first?.metadata)
    #expect(opened["breaker"] == "payment")
    #expect(opened["reason"] == "consecutive_failures")
    #expect(opened["failures"] == "2")
    let trace = try #require(store.traces.first)
    #expect(opened["trace_id"] == "\(trace)")
    // The tracer hears of the attempts all the same: the call and its two.
    #expect(store.spans(inTrace: trace).count == 3)
  }

  /// What a busy service does all the time stays below the level of production.
  @Test func aRetryIsADebugLine() throws {
    let (log, lines) = log(.debug)
    try Simulation(seed: 3).run { _ in
      let flaky = ServiceCall("flaky") { (_: Void, context: CallContext) in
        if context.attempt == 1 { throw Down() }
      }.retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.seconds(2), jitter: .none)))
      try await log.observing { try await flaky() }
    }
    let line = try #require(lines.entries.first)
    #expect(lines.entries.count == 1)
    #expect(line.level == .debug)
    #expect(line.message == "retry.scheduled")
    #expect(
      line.metadata == [
        "call": "flaky", "attempt": "2", "delay_seconds": "2.0", "last": "true", "refused": "false",
      ])
  }

  /// A name from outside cannot begin a line of its own.
  @Test func aValueCannotForgeALine() {
    let (log, lines) = log(.trace)
    log(AbandonedWorkEvent.left(call: "pay\nerror: all is lost", after: .seconds(1)))
    #expect(lines.entries.first?.metadata["call"] == #"pay\nerror: all is lost"#)
  }

  /// A tracer that is bound further out goes on hearing.
  @Test func anObserverThatIsBoundAlreadyGoesOnHearing() throws {
    let (log, lines) = log(.debug)
    let store = TraceStore()
    let tracer = CallTracer("shop", store: store)
    try Simulation(seed: 3).run { _ in
      let flaky = ServiceCall("flaky") { (_: Void) in throw Down() }.retry(RetryPolicy(maxAttempts: 2))
      await tracer.span("page") { await log.observing { try? await flaky() } }
    }
    #expect(lines.entries.map(\.message) == ["retry.scheduled", "retry.gave_up"])
    #expect(store.allSpans.count == 3)
    #expect(store.allSpans.flatMap(\.events).map(\.event.name) == ["retry.scheduled", "retry.gave_up"])
  }

  /// Every line of the program has the trace, also those that the toolkit does not write.
  @Test func theProviderHasTheTraceOfThePresentCall() async {
    #expect(Logger.MetadataProvider.resilience.get().isEmpty)
    var context = CallContext.current
    context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 0xAB, flags: 1))
    let metadata = await CallContext.withCurrent(context) { Logger.MetadataProvider.resilience.get() }
    #expect(
      metadata == ["trace_id": "00000000000000010000000000000002", "span_id": "00000000000000ab"])
  }
}
