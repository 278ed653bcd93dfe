import Resilience

/// Traces in memory, up to a bound. Pure.
///
/// When there is no room, the trace whose first span came first goes, as a whole: half a trace is a wrong
/// one. Spans that come for it afterwards begin it again.
struct TraceTable: Sendable {
  struct Counts: Equatable, Sendable {
    var received = 0
    /// Came again, as a sender does that did not hear the answer.
    var repeated = 0
    /// Went with their trace, to make room.
    var droppedTraces = 0
    var droppedSpans = 0
    /// Found their trace too large.
    var excess = 0
  }

  /// The most bytes, about.
  let maxCost: Int

  private(set) var counts = Counts()
  private(set) var cost = 0
  private var traces: [TraceID: CollectedTrace] = [:]
  /// By their first span, from `first` on.
  private var order: [TraceID] = []
  private var first = 0

  /// - Parameter maxCost: The most bytes, about; one trace has a quarter of it at the most.
  init(maxCost: Int) { self.maxCost = max(0, maxCost) }

  var traceCount: Int { traces.count }

  var spanCount: Int { counts.received - counts.repeated - counts.droppedSpans - counts.excess }

  subscript(id: TraceID) -> CollectedTrace? { traces[id] }

  /// The newest first.
  var newest: [CollectedTrace] { order[first...].reversed().compactMap { traces[$0] } }

  mutating func add(_ span: CollectedSpan) {
    counts.received += 1
    guard traces[span.trace]?.contains(span.id) != true else {
      counts.repeated += 1
      return
    }
    let spanCost = span.cost
    guard (traces[span.trace]?.cost ?? 0) + spanCost <= maxCost / 4 else {
      counts.excess += 1
      return
    }
    if traces[span.trace] == nil { order.append(span.trace) }
    traces[span.trace, default: CollectedTrace(id: span.trace)].add(span)
    cost += spanCost
    while cost > maxCost { dropOldest() }
  }

  private mutating func dropOldest() {
    guard first < order.count, let oldest = traces.removeValue(forKey: order[first]) else { return }
    first += 1
    cost -= oldest.cost
    counts.droppedTraces += 1
    counts.droppedSpans += oldest.spans.count
    if first > 1024, first > order.count / 2 {
      order.removeFirst(first)
      first = 0
    }
  }
}
