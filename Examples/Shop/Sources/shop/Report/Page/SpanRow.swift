import Resilience

/// A span and how deep it is below the first one of its trace.
struct SpanRow {
  let span: SpanRecord
  let depth: Int

  /// The spans of a trace, each followed by its children in the order in which they began.
  static func rows(_ spans: [SpanRecord]) -> [SpanRow] {
    let known = Set(spans.map(\.ids.span))
    var children: [UInt64: [SpanRecord]] = [:]
    for span in spans { children[known.contains(span.parent) ? span.parent : 0, default: []].append(span) }
    var rows: [SpanRow] = []
    var stack = sorted(children[0]).map { SpanRow(span: $0, depth: 0) }
    while let row = stack.popLast() {
      rows.append(row)
      stack += sorted(children[row.span.ids.span]).map { SpanRow(span: $0, depth: row.depth + 1) }
    }
    return rows
  }

  /// The last one first, as a stack wants them.
  private static func sorted(_ spans: [SpanRecord]?) -> [SpanRecord] {
    (spans ?? []).sorted { ($0.start, $0.end, $0.ids.span) > ($1.start, $1.end, $1.ids.span) }
  }

  var label: String {
    switch span.role {
    case .attempt: "\(span.service): attempt \(span.attempt)"
    case .call, .hedge, .delivery: "\(span.service): \(span.name)"
    }
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
