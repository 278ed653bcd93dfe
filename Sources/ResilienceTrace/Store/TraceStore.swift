internal import ResilienceCore

/// Keeps the last spans of a process in memory, and answers questions about them.
///
/// A span is written once, complete, when it ends; what is noted while it runs is joined to it when somebody
/// asks. When the store is full, the oldest make room, and are counted.
///
/// ```swift
/// let store = TraceStore()
/// let tracer = CallTracer("checkout", store: store)
/// …
/// for trace in store.traces(matching: SpanQuery(verdict: .failure)) { print(store.waterfall(of: trace)) }
/// ```
///
/// Questions take time in proportion to what is kept: they are for people, tests and tools, not for requests.
public final class TraceStore: Sendable {
  private struct Registration: Hashable {
    var service: String
    var sampler: Sampler
    var reporter: ObjectIdentifier?
  }

  /// The name, as a label of its metrics; empty when unnamed.
  public let name: String

  /// How much of a span is shown.
  public let limits: SpanLimits

  let storage: SpanStorage

  /// What writes here. It lives as long as the store, so that work that outlives its tracer is recorded too.
  private let observers = Lock<[Registration: (SpanObserver, ObserverRegistration)]>([:])

  /// Creates an empty store.
  ///
  /// - Parameters:
  ///   - name: A label for its metrics. Default: `traces`.
  ///   - capacity: How many spans, and how many notes of spans (events, attributes, links), to keep; 0 keeps
  ///     nothing, for a tracer that only reports. Default: 10 000, about 2 MB when full.
  ///   - limits: How much of a span is shown. Default: OpenTelemetry's limits.
  public init(_ name: String = "traces", capacity: Int = 10_000, limits: SpanLimits = SpanLimits()) {
    precondition(capacity >= 0, "capacity must be at least 0 spans, was \(capacity)")
    self.name = name
    self.limits = limits
    storage = SpanStorage(capacity: capacity)
  }

  /// The observer of a tracer; tracers that are equal share one.
  func observer(service: String, sampler: Sampler, reporter: SpanReporter?) -> (SpanObserver, ObserverHandle)
  {
    let key = Registration(
      service: service, sampler: sampler, reporter: reporter.map { ObjectIdentifier($0) })
    if let (observer, registration) = observers.withLock({ $0[key] }) {
      return (observer, registration.handle)
    }
    let observer = SpanObserver(service: service, sampler: sampler, spans: storage, reporter: reporter)
    let registration = ObserverRegistration(observer)
    let (kept, its) = observers.withLock { observers in
      if let earlier = observers[key] { return earlier }
      observers[key] = (observer, registration)
      return (observer, registration)
    }
    return (kept, its.handle)
  }

  /// The counts.
  public func snapshot() -> TraceStoreSnapshot {
    let contents = storage.copy
    return TraceStoreSnapshot(
      name: name, capacity: contents.spans.capacity,
      spans: contents.spans.count, recordedSpans: contents.spans.appended,
      droppedSpans: contents.spans.dropped,
      events: contents.notes.count, droppedEvents: contents.notes.dropped)
  }
}

// MARK: - All there is

extension TraceStore {
  /// Every span kept, complete, in the order in which they ended.
  public var allSpans: [SpanRecord] {
    let (spans, notes) = storage.all
    return TraceAssembly.complete(spans, notes, limits: limits)
  }

  /// The ids of the traces of which there are spans, in the order in which their first kept span ended.
  public var traces: [TraceID] {
    var seen: Set<TraceID> = []
    return storage.all.spans.map(\.ids.traceID).filter { seen.insert($0).inserted }
  }

  /// The spans of one trace: parents before children, siblings by start.
  ///
  /// Spans whose parent is not here (another process's, dropped, or not ended yet) stand among the first.
  public func spans(inTrace trace: TraceID) -> [SpanRecord] {
    tree(of: trace).map(\.span)
  }

  /// The spans of one trace in the order of ``spans(inTrace:)``, each with its depth.
  func tree(of trace: TraceID) -> [SpanTree.Node] {
    let (spans, notes) = storage.all
    let ours = TraceAssembly.complete(
      spans.filter { $0.ids.traceID == trace }, notes.filter { $0.span.traceID == trace }, limits: limits)
    return SpanTree.nodes(ours)
  }
}
