import Resilience

/// Which service calls which, how often, how well and how fast: from spans.
///
/// A call is a span whose parent is another service's; an event that is handled elsewhere is one, too. A
/// call that nobody has recorded a span of, such as one to a process that was killed, is one to what it is
/// named by.
struct CallGraph: Sendable {
  struct Edge: Equatable, Sendable {
    var caller: String
    var callee: String
    var calls: Int
    var errors: Int
    /// Nanoseconds that a half of them took at the most.
    var median: UInt64
    /// Nanoseconds that 99 of 100 took at the most.
    var percentile99: UInt64
  }

  /// By caller and callee. What is beyond ``maxEdges`` is left out: names come from outside.
  let edges: [Edge]
  let leftOut: Int

  static let maxEdges = 200

  init(_ traces: [CollectedTrace]) {
    var calls: [Arrow: (nanoseconds: [UInt64], errors: Int)] = [:]
    for trace in traces {
      for (arrow, span) in Self.calls(of: trace.spans) {
        calls[arrow, default: ([], 0)].nanoseconds.append(span.nanoseconds)
        if span.error != nil { calls[arrow]?.errors += 1 }
      }
    }
    let all = calls.map { arrow, calls in
      let sorted = calls.nanoseconds.sorted()
      // The nearest rank: the smallest that so many of a hundred do not exceed.
      func rank(_ percent: Int) -> UInt64 { sorted[max(0, (sorted.count * percent + 99) / 100 - 1)] }
      return Edge(
        caller: arrow.caller, callee: arrow.callee, calls: sorted.count, errors: calls.errors,
        median: rank(50), percentile99: rank(99))
    }
    let kept = all.sorted { ($1.calls, $0.caller, $0.callee) < ($0.calls, $1.caller, $1.callee) }
      .prefix(Self.maxEdges)
    edges = kept.sorted { ($0.caller, $0.callee) < ($1.caller, $1.callee) }
    leftOut = all.count - kept.count
  }

  private struct Arrow: Hashable {
    var caller: String
    var callee: String
  }

  private static func calls(of spans: [CollectedSpan]) -> [(Arrow, CollectedSpan)] {
    let place = Dictionary(spans.indices.map { (spans[$0].id, $0) }) { first, _ in first }
    let parents = spans.map { place[$0.parent] }
    var calls: [(Arrow, CollectedSpan)] = []
    var reachesOthers: Set<Int> = []
    for (index, span) in spans.enumerated() {
      guard let parent = parents[index], spans[parent].service != span.service else { continue }
      calls.append((Arrow(caller: spans[parent].service, callee: span.service), span))
      // What is marked already has its own callers marked; nor is a cycle walked twice.
      var caller: Int? = parent
      while let current = caller, reachesOthers.insert(current).inserted { caller = parents[current] }
    }
    for (index, span) in spans.enumerated() where span.kind == .client && !reachesOthers.contains(index) {
      // Of a call and its attempts the call.
      let parent = parents[index].map { spans[$0] }
      if parent?.kind == .client, parent?.service == span.service { continue }
      calls.append((Arrow(caller: span.service, callee: span.name), span))
    }
    return calls
  }
}
