internal import ResilienceCore

/// Sends finished spans on in batches, and never makes a caller wait: what does not fit into its queue is
/// dropped and counted.
///
/// ```swift
/// let reporter = SpanReporter(to: OTLPExporter(collector))
/// let tracer = CallTracer("checkout", store: store, reporter: reporter)
///
/// try await withThrowingTaskGroup { group in
///   group.addTask { try await reporter.run() }   // sends until it is cancelled or finished
///   …
///   reporter.finish()                            // sends what is left, then run() returns
/// }
/// ```
///
/// A queue that nobody runs fills up and stays full; nothing else happens.
public final class SpanReporter: Sendable {
  /// The name, as a label of its metrics; empty when unnamed.
  public let name: String

  /// How spans are gathered and sent.
  public let policy: ReportPolicy

  private struct Counts {
    var reported = 0
    var failed = 0
    var batches = 0
    var orphanedNotes = 0
    var lastError: String?
  }

  private let exporter: any SpanExporter
  private let queue: Lock<ReportQueue>
  private let counts = Lock(Counts())

  /// Creates a reporter.
  ///
  /// - Parameters:
  ///   - name: A label for its metrics. Default: `spans`.
  ///   - exporter: Where the spans go.
  ///   - policy: How they are gathered and sent. Default: as OpenTelemetry's batch processor.
  public init(_ name: String = "spans", to exporter: any SpanExporter, policy: ReportPolicy = ReportPolicy())
  {
    self.name = name
    self.exporter = exporter
    self.policy = policy
    queue = Lock(ReportQueue(policy))
  }

  func append(_ span: SpanRecord) {
    queue.withLock { $0.append(.span(span)) }?.grant()
  }

  func append(_ note: SpanNote) {
    queue.withLock { $0.append(.note(note)) }?.grant()
  }

  /// Lets ``run()`` send what is left, and return. Spans that end afterwards are still queued, and not sent.
  public func finish() {
    queue.withLock { $0.finish() }?.grant()
  }

  /// Sends spans until the task is cancelled or ``finish()`` is called. Run it once at a time, in a task of
  /// its own.
  ///
  /// An exporter that fails or hangs is no reason to return: its batches are counted, and the queue stays
  /// bounded.
  ///
  /// - Throws: `CancellationError` when the task is cancelled. What was not sent stays queued.
  public func run() async throws {
    var assembly = ReportAssembly(policy)
    while true {
      let isFinished = try await gather()
      let entries = queue.withLock { $0.takeAll() }
      var batch: [SpanRecord] = []
      for entry in entries.joined() {
        guard let span = assembly.add(entry) else { continue }
        batch.append(span)
        if batch.count == policy.maxBatch {
          await send(batch)
          batch = []
        }
      }
      if !batch.isEmpty { await send(batch) }
      let orphaned = assembly.droppedNotes
      counts.withLock { $0.orphanedNotes = orphaned }
      if isFinished { return }
      try Task.checkCancellation()
    }
  }

  /// Waits for the first entry, then for others that are sent with it.
  ///
  /// - Returns: Whether ``finish()`` was called.
  private func gather() async throws -> Bool {
    try await wait(forBatch: false, until: nil)
    if queue.withLock({ $0.isFinishing }) { return true }
    let clock = CallContext.current.clock
    try await wait(forBatch: true, until: clock.now.advanced(by: policy.interval))
    return queue.withLock { $0.isFinishing }
  }

  private func wait(forBatch: Bool, until instant: Instant?) async throws {
    let waiter = Waiter("SpanReporter.run")
    if queue.withLock({ $0.wait(waiter, forBatch: forBatch) }) { return }
    let resolution = await waiter.wait(until: instant, on: CallContext.current.clock)
    if resolution == .cancelled { throw CancellationError() }
  }

  private func send(_ spans: [SpanRecord]) async {
    let clock = CallContext.current.clock
    let epoch = clock.unixTime.nanoseconds.subtractingSaturating(clock.now.nanoseconds)
    do {
      try await exporter.export(SpanBatch(spans: spans, epoch: UnixTime(nanoseconds: epoch)))
      counts.withLock {
        $0.reported += spans.count
        $0.batches += 1
      }
    } catch {
      let text = "\(error)"
      counts.withLock {
        $0.failed += spans.count
        $0.batches += 1
        $0.lastError = text
      }
    }
  }

  /// The counts.
  public func snapshot() -> SpanReporterSnapshot {
    let (queued, droppedSpans, droppedNotes) = queue.withLock { ($0.count, $0.droppedSpans, $0.droppedNotes) }
    return counts.withLock { counts in
      SpanReporterSnapshot(
        name: name, queued: queued, reportedSpans: counts.reported, failedSpans: counts.failed,
        droppedSpans: droppedSpans, droppedNotes: droppedNotes + counts.orphanedNotes,
        batches: counts.batches,
        lastError: counts.lastError)
    }
  }
}
