internal import ResilienceCore

/// Brings the spans of one trace, which were written as they ended, into the order in which they are read.
enum SpanTree {
  struct Node {
    var span: SpanRecord
    var depth: Int
    /// It has a parent, but not here.
    var isOrphan: Bool
    /// The number of the attempt that it is an attempt within: of a hedge in a retry, or the other way round.
    /// 0 for none.
    var outerAttempt: UInt16
  }

  /// - Parameter spans: Complete, in the order in which they ended.
  static func nodes(_ spans: [SpanRecord]) -> [Node] {
    let known = Set(spans.map(\.ids.span))
    // Written order decides between spans that began at the same instant: under virtual time, many do.
    let inOrder = spans.indices.sorted { (spans[$0].start, $0) < (spans[$1].start, $1) }
    let isFirst = { (index: Int) in !known.contains(spans[index].parent) }
    let childrenOfSpan = Dictionary(grouping: inOrder.filter { !isFirst($0) }) { spans[$0].parent }

    var nodes: [Node] = []
    var visited: Set<Int> = []
    var pending = inOrder.filter(isFirst).reversed().map { (index: $0, depth: 0, outerAttempt: UInt16(0)) }
    while let (index, depth, outerAttempt) = pending.popLast() {
      guard visited.insert(index).inserted else { continue }
      let span = spans[index]
      nodes.append(
        Node(
          span: span, depth: depth, isOrphan: depth == 0 && span.parent != 0, outerAttempt: outerAttempt))
      let within = span.role == .attempt || span.role == .hedge ? span.attempt : 0
      for child in (childrenOfSpan[span.ids.span] ?? []).reversed() {
        pending.append((child, depth + 1, within))
      }
    }
    return nodes
  }
}
