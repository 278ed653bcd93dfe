internal import ResilienceCore

/// Keeps the last spans of a process in memory, and answers questions about them.
///
/// A span is written once, complete, when it ends; its events are written as they happen and joined to it when somebody
/// asks. When it is full, the oldest make room, and are counted.
///
/// ```swift
/// let store = TraceStore()
/// let tracer = Tracer("checkout", store: store)
/// …
/// for trace in store.traces { print(store.waterfall(of: trace)) }
/// ```
public final class TraceStore: Sendable {
  private struct State {
    var spans: BoundedRing<SpanRecord>
    var events: BoundedRing<SpanEvent>
  }

  /// The name, as a label of its metrics; empty when unnamed.
  public let name: String

  private let state: Lock<State>

  /// Creates an empty store.
  ///
  /// - Parameters:
  ///   - name: A label for its metrics. Default: `traces`.
  ///   - capacity: How many spans, and how many span events, to keep: at least 1. Default: 10 000, about 2 MB when full.
  public init(_ name: String = "traces", capacity: Int = 10_000) {
    precondition(capacity > 0, "capacity must be at least 1 span, was \(capacity)")
    self.name = name
    state = Lock(State(spans: BoundedRing(capacity: capacity), events: BoundedRing(capacity: capacity)))
  }

  /// Puts the record together in its place: a copy would cost as much as the rest.
  @inline(__always)
  func append(_ span: @autoclosure () -> SpanRecord) {
    state.withLock { $0.spans.append(span()) }
  }

  func append(_ event: SpanEvent) {
    // What it replaces is a user's value, and is released outside the lock.
    _ = state.withLock { $0.events.exchange(event) }
  }
}

// MARK: - Questions

extension TraceStore {
  /// The ids of the traces of which there are spans, in the order in which their first kept span ended.
  ///
  /// - Complexity: O(n) in the spans kept, like all questions.
  public var traces: [TraceID] {
    var seen: Set<TraceID> = []
    return allSpans.map(\.ids.traceID).filter { seen.insert($0).inserted }
  }

  /// Every span kept, in the order in which they ended.
  public var allSpans: [SpanRecord] {
    state.withLock { $0.spans.ordered }
  }

  /// The spans of one trace with their events: parents before children, siblings by start.
  ///
  /// Spans whose parent is not here (another process's, dropped, or not ended yet) stand among the first.
  public func spans(inTrace trace: TraceID) -> [SpanRecord] {
    tree(of: trace).map(\.span)
  }

  /// The counts.
  public func snapshot() -> TraceStoreSnapshot {
    state.withLock { state in
      TraceStoreSnapshot(
        name: name, capacity: state.spans.capacity,
        spans: state.spans.count, recordedSpans: state.spans.appended, droppedSpans: state.spans.dropped,
        events: state.events.count, droppedEvents: state.events.dropped)
    }
  }

  /// The spans of one trace in the order of ``spans(inTrace:)``, each with its depth.
  func tree(of trace: TraceID) -> [SpanTree.Node] {
    let (spans, events) = state.withLock { ($0.spans.ordered, $0.events.ordered) }
    return SpanTree.nodes(
      spans: spans.filter { $0.ids.traceID == trace }, events: events.filter { $0.span.traceID == trace })
  }
}
