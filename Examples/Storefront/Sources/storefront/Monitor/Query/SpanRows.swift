/// The spans of a trace in the order in which they are read: each below its parent, siblings by their start.
struct SpanRows: Sendable {
  struct Row: Sendable {
    var span: CollectedSpan
    var depth: Int
    /// It has a parent, which has not come.
    var isOrphan: Bool
  }

  let rows: [Row]

  init(_ spans: [CollectedSpan]) {
    let known = Set(spans.map(\.id))
    let inOrder = spans.indices.sorted { (spans[$0].start, spans[$0].id) < (spans[$1].start, spans[$1].id) }
    var children: [UInt64: [Int]] = [:]
    var first: [Int] = []
    for index in inOrder {
      let parent = spans[index].parent
      if known.contains(parent) {
        children[parent, default: []].append(index)
      } else {
        first.append(index)
      }
    }
    var rows: [Row] = []
    var visited: Set<Int> = []
    // The second pass is for spans that are each other's parents: they are shown, too.
    for root in first + inOrder where !visited.contains(root) {
      var pending = [(index: root, depth: 0)]
      while let (index, depth) = pending.popLast() {
        guard visited.insert(index).inserted else { continue }
        let span = spans[index]
        rows.append(Row(span: span, depth: depth, isOrphan: depth == 0 && span.parent != 0))
        pending += (children[span.id] ?? []).reversed().map { ($0, depth + 1) }
      }
    }
    self.rows = rows
  }
}
