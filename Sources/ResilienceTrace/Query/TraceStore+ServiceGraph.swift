internal import ResilienceCore

extension TraceStore {
  /// Which service calls which, of all spans kept.
  ///
  /// A call from one service to another is a span whose parent another service recorded. A call of kind
  /// `client` below which nobody else records anything is one to a service of the call's name.
  ///
  /// - Complexity: O(n log n) in the spans kept.
  public func serviceGraph() -> ServiceGraph {
    let spans = allSpans
    let indexOfSpan = Dictionary(spans.indices.map { (spans[$0].place, $0) }) { first, _ in first }
    let parents = spans.map { indexOfSpan[$0.parentsPlace] }
    var calls: [Arrow: Calls] = [:]
    var reachesOthers: Set<Int> = []
    for (index, span) in spans.enumerated() {
      guard let parent = parents[index], spans[parent].service != span.service else { continue }
      let arrow = Arrow(caller: spans[parent].service, callee: span.service, isTraced: true)
      calls[arrow, default: Calls()].add(span)
      // The calls on the way up reach another service. What is marked already has its own callers marked.
      var caller: Int? = parent
      while let current = caller, reachesOthers.insert(current).inserted { caller = parents[current] }
    }
    for (index, span) in spans.enumerated()
    where span.kind == .client && span.role == .call && !reachesOthers.contains(index) {
      calls[Arrow(caller: span.service, callee: span.name, isTraced: false), default: Calls()].add(span)
    }
    return ServiceGraph(
      services: Set(spans.map(\.service)).sorted(),
      edges: calls.sorted { $0.key < $1.key }.map { $0.value.edge($0.key) })
  }
}

private struct Arrow: Hashable, Comparable {
  let caller: String
  let callee: String
  let isTraced: Bool

  static func < (lhs: Arrow, rhs: Arrow) -> Bool {
    (lhs.caller, lhs.callee, lhs.isTraced ? 0 : 1) < (rhs.caller, rhs.callee, rhs.isTraced ? 0 : 1)
  }
}

private struct Calls {
  private var durations: [Duration] = []
  private var failures = 0

  mutating func add(_ span: SpanRecord) {
    durations.append(span.duration)
    failures += span.verdict == .failure ? 1 : 0
  }

  func edge(_ arrow: Arrow) -> ServiceGraph.Edge {
    let sorted = durations.sorted()
    // The nearest rank: the smallest duration that so many of a hundred do not exceed.
    let rank = { (percent: Int) in sorted[max(0, (sorted.count * percent + 99) / 100 - 1)] }
    return ServiceGraph.Edge(
      caller: arrow.caller, callee: arrow.callee, isTraced: arrow.isTraced, calls: sorted.count,
      failures: failures, median: rank(50), percentile99: rank(99), longest: rank(100))
  }
}

extension SpanRecord {
  /// A span id within its trace.
  struct Place: Hashable {
    let trace: TraceID
    let span: UInt64
  }

  var place: Place { Place(trace: ids.traceID, span: ids.span) }
  var parentsPlace: Place { Place(trace: ids.traceID, span: parent) }
}
