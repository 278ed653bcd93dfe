internal import ResilienceCore

/// Brings the spans of one trace, which were written as they ended, into the order in which they are read.
enum SpanTree {
  struct Node {
    var span: SpanRecord
    var depth: Int
    /// It has a parent, but not here.
    var isOrphan: Bool
  }

  static func nodes(spans: [SpanRecord], events: [SpanEvent]) -> [Node] {
    let eventsOfSpan = Dictionary(grouping: events, by: \.span.span)
    let known = Set(spans.map(\.ids.span))
    // Written order decides between spans that began at the same instant: under virtual time, many do.
    let inOrder = spans.indices.sorted { (spans[$0].start, $0) < (spans[$1].start, $1) }
    let isFirst = { (index: Int) in !known.contains(spans[index].parent) }
    let childrenOfSpan = Dictionary(grouping: inOrder.filter { !isFirst($0) }) { spans[$0].parent }

    var nodes: [Node] = []
    var visited: Set<Int> = []
    var pending = inOrder.filter(isFirst).reversed().map { (index: $0, depth: 0, callName: "") }
    while let (index, depth, callName) = pending.popLast() {
      guard visited.insert(index).inserted else { continue }
      var span = spans[index]
      span.events = eventsOfSpan[span.ids.span] ?? []
      if span.name.isEmpty { span.name = callName }
      nodes.append(Node(span: span, depth: depth, isOrphan: depth == 0 && span.parent != 0))
      for child in (childrenOfSpan[span.ids.span] ?? []).reversed() {
        pending.append((child, depth + 1, span.name))
      }
    }
    return nodes
  }
}
