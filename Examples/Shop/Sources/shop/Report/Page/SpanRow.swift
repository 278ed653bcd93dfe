import Resilience

/// A span and how deep it is below the first one of its trace.
struct SpanRow {
  let span: SpanRecord
  let depth: Int
  let parent: SpanRecord?

  /// The spans of a trace, each followed by its children in the order in which they began.
  static func rows(_ spans: [SpanRecord]) -> [SpanRow] {
    let known = Set(spans.map(\.ids.span))
    var children: [UInt64: [SpanRecord]] = [:]
    for span in spans { children[known.contains(span.parent) ? span.parent : 0, default: []].append(span) }
    var rows: [SpanRow] = []
    var stack = sorted(children[0]).map { SpanRow(span: $0, depth: 0, parent: nil) }
    while let row = stack.popLast() {
      rows.append(row)
      stack += sorted(children[row.span.ids.span]).map {
        SpanRow(span: $0, depth: row.depth + 1, parent: row.span)
      }
    }
    return rows
  }

  /// The last one first, as a stack wants them.
  private static func sorted(_ spans: [SpanRecord]?) -> [SpanRecord] {
    (spans ?? []).sorted { ($0.start, $0.end, $0.ids.span) > ($1.start, $1.end, $1.ids.span) }
  }

  private var isAttempt: Bool { span.name == parent?.name && span.service == parent?.service }

  /// At most so many rows: attempts are left out first, then calls; then those in the middle.
  static func shortened(_ rows: [SpanRow], to count: Int) -> (first: [SpanRow], last: [SpanRow]) {
    var kept = rows
    if kept.count > count { kept.removeAll(where: \.isAttempt) }
    if kept.count > count { kept.removeAll { $0.span.role == .call && $0.depth > 0 } }
    guard kept.count > count else { return (kept, []) }
    return (Array(kept.prefix(count / 2)), Array(kept.suffix(count / 2)))
  }

  var label: String {
    // An attempt has the name of its call.
    isAttempt ? "\(span.service): attempt \(span.attempt)" : "\(span.service): \(span.name)"
  }

  /// A sign beside the colour.
  var sign: String {
    switch span.verdict {
    case .success: "✓"
    case .failure: "✗"
    case .neutral: "–"
    }
  }
}
