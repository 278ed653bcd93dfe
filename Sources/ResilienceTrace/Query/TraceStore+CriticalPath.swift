internal import ResilienceCore

extension TraceStore {
  /// The stretches of time that a trace took because of one span each, in order: to make the trace shorter,
  /// make one of these shorter.
  ///
  /// Walked from the end of the first span that has no parent here: what ended last was waited for; before
  /// it, what had ended last before it began. The steps join without gaps and are as long as that span
  /// together. Work that outlives the span it was started in was not waited for, and counts up to that span's
  /// end only.
  ///
  /// - Returns: Empty when there are no spans of the trace.
  /// - Complexity: O(n log n) in the spans of the trace.
  public func criticalPath(of trace: TraceID) -> [CriticalPathStep] {
    let spans = tree(of: trace).map(\.span)
    guard let root = spans.indices.first else { return [] }
    let children = Dictionary(grouping: spans.indices.filter { $0 != root }) { spans[$0].parent }
      .mapValues { $0.sorted { (spans[$0].end, $0) < (spans[$1].end, $1) } }
    var steps: [CriticalPathStep] = []
    var visited: Set<Int> = []
    var walk = [
      Walk(span: root, start: spans[root].start, cursor: spans[root].end, children[spans[root].ids.span])
    ]
    while var top = walk.popLast() {
      // From the end: of the children that ended by now, the last.
      guard let child = top.children.popLast() else {
        steps.append(spans[top.span], from: top.start, to: top.cursor)
        continue
      }
      let (start, end) = (max(spans[child].start, top.start), min(spans[child].end, top.cursor))
      // Ids that occur twice may make a span its own ancestor: each is walked once.
      guard start < end, visited.insert(child).inserted else {
        walk.append(top)
        continue
      }
      steps.append(spans[top.span], from: end, to: top.cursor)
      top.cursor = start
      walk.append(top)
      walk.append(Walk(span: child, start: start, cursor: end, children[spans[child].ids.span]))
    }
    return steps.reversed()
  }
}

/// One span on the way back in time.
private struct Walk {
  let span: Int
  let start: Instant
  /// What lies after it is explained.
  var cursor: Instant
  /// By their end, the last to be looked at next.
  var children: [Int]

  init(span: Int, start: Instant, cursor: Instant, _ children: [Int]?) {
    self.span = span
    self.start = start
    self.cursor = cursor
    self.children = children ?? []
  }
}

extension [CriticalPathStep] {
  fileprivate mutating func append(_ span: SpanRecord, from start: Instant, to end: Instant) {
    if start < end { append(CriticalPathStep(span: span, start: start, end: end)) }
  }
}
