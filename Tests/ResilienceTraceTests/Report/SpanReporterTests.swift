import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

/// Keeps what it is given; fails or hangs when it is told to.
private final class FakeExporter: SpanExporter {
  enum Mode { case works, fails, hangs }

  private let state = Lock((batches: [SpanBatch](), mode: Mode.works))

  var mode: Mode {
    get { state.withLock { $0.mode } }
    set { state.withLock { $0.mode = newValue } }
  }
  var batches: [SpanBatch] { state.withLock { $0.batches } }
  var names: [[String]] { batches.map { $0.spans.map(\.name) } }

  func export(_ batch: SpanBatch) async throws {
    switch mode {
    case .works: state.withLock { $0.batches.append(batch) }
    case .fails: throw Declined()
    case .hangs: try await CallContext.current.clock.sleep(for: .seconds(1_000_000))
    }
  }
}

@Suite struct SpanReporterTests {
  private let exporter = FakeExporter()

  private func withReporter(
    _ policy: ReportPolicy = ReportPolicy(),
    _ body: @escaping @Sendable (SpanReporter, CallTracer, Simulation) async throws -> Void
  ) throws {
    let exporter = exporter
    try Simulation(seed: 5).run { sim in
      let reporter = SpanReporter(to: exporter, policy: policy)
      let tracer = CallTracer("shop", store: TraceStore(capacity: 0), reporter: reporter)
      try await withThrowingTaskGroup { group in
        group.addTask { try await reporter.run() }
        try await body(reporter, tracer, sim)
        reporter.finish()
        try await group.waitForAll()
      }
    }
  }

  @Test func spansWaitForOthersUpToTheInterval() throws {
    let exporter = exporter
    try withReporter { reporter, tracer, sim in
      await tracer.span("a") {}
      try await sim.sleep(for: .seconds(4))
      await tracer.span("b") {}
      #expect(exporter.names == [])
      try await sim.sleep(for: .seconds(2))
      #expect(exporter.names == [["a", "b"]])
      try await sim.sleep(for: .seconds(60))
      await tracer.span("c") {}
    }
    #expect(exporter.names == [["a", "b"], ["c"]])
  }

  @Test func aFullBatchIsSentAtOnce() throws {
    let exporter = exporter
    try withReporter(ReportPolicy(maxBatch: 2)) { reporter, tracer, sim in
      for name in ["a", "b", "c"] { await tracer.span(name) {} }
      try await sim.sleep(for: .milliseconds(1))
      #expect(exporter.names.first == ["a", "b"])
    }
    #expect(exporter.names.flatMap(\.self) == ["a", "b", "c"])
    #expect(exporter.names.allSatisfy { $0.count <= 2 })
  }

  @Test func spansAreCompleteWithWhatWasNotedWhileTheyRan() throws {
    try withReporter { _, tracer, sim in
      let call = ServiceCall("payment") { (_: Int, context: CallContext) in
        context.emit(SpanAnnotation.attribute("try", .integer(Int64(context.attempt))))
        if context.attempt == 1 { throw Declined() }
      }
      try await FakeRetry(base: call, event: "hedge.started", maker: .hedgeTry).trace(tracer)(1)
    }
    let spans = exporter.batches[0].spans
    #expect(spans.map(\.name) == ["hedge", "hedge", "payment"])
    #expect(spans.map(\.role) == [.hedge, .hedge, .call])
    #expect(
      spans[0].attributes == [
        EventAttribute("attempt.maker", .string("hedge")), EventAttribute("try", .integer(1)),
      ])
    #expect(spans[1].attributes.map(\.name) == ["attempt.maker", "call.resend_count", "try"])
    #expect(spans[2].events.map(\.event.name) == ["hedge.started"])
  }

  @Test func deliveriesAreLinkedToTheOnesBefore() throws {
    try withReporter { _, tracer, _ in
      await tracer.observing {
        for delivery in 1...3 {
          var call = CallContext.current
          call.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
          call.beginAttempt(UInt32(delivery))
          var attempt = call
          attempt.attemptBegan(of: .delivery)
          attempt.emit(FakeBusEvent(id: "a"))
          attempt.attemptEnded(of: call, .failure, error: nil)
        }
      }
    }
    let spans = exporter.batches[0].spans
    #expect(spans.map(\.role) == [.delivery, .delivery, .delivery])
    #expect(spans.map { $0.links.map(\.ids) } == [[], [spans[0].ids], [spans[1].ids]])
  }

  @Test func timesAreTheWallClocks() throws {
    try withReporter { _, tracer, sim in
      try await sim.sleep(for: .seconds(3))
      await tracer.span("a") {}
    }
    let batch = exporter.batches[0]
    let start = batch.unixTime(of: batch.spans[0].start)
    #expect(start.nanoseconds - batch.epoch.nanoseconds == 3_000_000_000)
  }

  @Test func theStateOfTheTraceIsReported() throws {
    try withReporter { reporter, _, _ in
      let store = TraceStore(capacity: 0)
      let tracer = CallTracer(sampler: .parentBased(root: .consistent(1)), store: store, reporter: reporter)
      let call = FakeRetry(base: ServiceCall("call") { (_: Int) in }).trace(tracer)
      try await call(1)
    }
    #expect(exporter.batches[0].spans.map(\.traceState) == ["ot=th:0", "ot=th:0"])
  }

  @Test func anExporterThatFailsCostsItsBatchesAndIsCounted() throws {
    let exporter = exporter
    exporter.mode = .fails
    try withReporter(ReportPolicy(maxBatch: 2)) { reporter, tracer, sim in
      for _ in 0..<4 { await tracer.span("lost") {} }
      try await sim.sleep(for: .seconds(10))
      let snapshot = reporter.snapshot()
      #expect(snapshot.failedSpans == 4)
      #expect(snapshot.lastError == "card declined")
      exporter.mode = .works
      await tracer.span("kept") {}
      try await sim.sleep(for: .seconds(10))
      #expect(reporter.snapshot().reportedSpans == 1)
      #expect(
        reporter.snapshot().metrics.map(\.value) == [0, 1, 4, 0, 0, Double(reporter.snapshot().batches)])
    }
    #expect(exporter.names == [["kept"]])
  }

  @Test func aDeadTransportLeavesCallersAloneAndMemoryBounded() throws {
    let exporter = exporter
    exporter.mode = .hangs
    try Simulation(seed: 5).run { sim in
      let reporter = SpanReporter(to: exporter, policy: ReportPolicy(maxQueued: 300, maxBatch: 10))
      let tracer = CallTracer("shop", store: TraceStore(capacity: 0), reporter: reporter)
      try await withThrowingTaskGroup { group in
        group.addTask { try await reporter.run() }
        for _ in 0..<10 { await tracer.span("first") {} }
        try await sim.sleep(for: .seconds(1))
        let before = sim.now
        for _ in 0..<1000 { await tracer.span("call") { CallContext.current.emit(Retried(attempt: 1)) } }
        #expect(sim.now == before)
        let snapshot = reporter.snapshot()
        #expect(snapshot.queued == 300)
        #expect(snapshot.droppedSpans + snapshot.droppedNotes == 2000 - 300)
        group.cancelAll()
        await #expect(throws: CancellationError.self) { try await group.waitForAll() }
        #expect(reporter.snapshot().queued <= 300)
      }
    }
  }

  @Test func notesOfSpansThatNeverEndAreDroppedAndCounted() throws {
    try withReporter(ReportPolicy(maxQueued: 20)) { reporter, tracer, sim in
      let context = await tracer.span("ended") { CallContext.current }
      for _ in 0..<10 {
        for _ in 0..<10 { context.emit(Retried(attempt: 1)) }
        try await sim.sleep(for: .seconds(10))
      }
      let snapshot = reporter.snapshot()
      #expect(snapshot.queued == 0)
      #expect(snapshot.droppedNotes == 80)
    }
  }

  @Test func whatIsLeftIsSentWhenItIsFinished() throws {
    try withReporter(ReportPolicy(interval: .seconds(3600))) { _, tracer, _ in
      for name in ["a", "b"] { await tracer.span(name) {} }
    }
    #expect(exporter.names == [["a", "b"]])
  }

  @Test func cancelledItKeepsWhatItHas() async throws {
    let reporter = SpanReporter(to: exporter)
    let tracer = CallTracer(store: TraceStore(capacity: 0), reporter: reporter)
    await withThrowingTaskGroup { group in
      group.addTask { try await reporter.run() }
      group.cancelAll()
      await #expect(throws: CancellationError.self) { try await group.waitForAll() }
    }
    await tracer.span("a") {}
    #expect(reporter.snapshot().queued == 1)
    reporter.finish()
    try await reporter.run()
    #expect(exporter.names == [["a"]])
  }
}
