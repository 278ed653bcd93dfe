internal import ResilienceCore

extension TraceStore {
  /// One trace as text: a line a span, indented under its parent, with its start, its duration and a bar, and
  /// below it a line for its attributes, each link and each event.
  ///
  /// ```
  /// trace 4bf92f3577b34da6a3ce929d0e0e4736: 4 spans, 80.000 ms
  /// ✓ checkout               0.000  80.000 ms |########################################|
  /// ✓   payment              0.000  70.000 ms |###################################     |
  ///       · retry.scheduled attempt=2 at 20.000 ms
  /// ✗     payment attempt 1   0.000  20.000 ms |##########                              |
  /// ✓     payment attempt 2  50.000  20.000 ms |                         ##########     |
  ///         · call.resend_count=1
  /// ```
  ///
  /// `✓` success, `✗` failure, `–` neutral; `?` before the name marks a span whose parent is not in the
  /// store. The tries of a hedge are `hedge try 1`, and one within an attempt is `attempt 2.1`. From a
  /// certain depth on the depth is written instead of drawn. What names and texts contain is escaped where it
  /// would break the line or the terminal.
  ///
  /// - Complexity: O(n log n) in the spans of the trace.
  public func waterfall(of trace: TraceID) -> String {
    let nodes = tree(of: trace)
    guard let scale = WaterfallScale(nodes) else { return "trace \(trace): no spans\n" }
    let labels = nodes.map { "\($0.mark) \($0.indent)\($0.label)" }
    let widths = labels.map(\.count)
    let width = widths.max() ?? 0
    var text = "trace \(trace): \(nodes.count) \(nodes.count == 1 ? "span" : "spans"), "
    text += "\(scale.text(scale.total)) \(scale.unit)\n"
    for (index, node) in nodes.enumerated() {
      let span = node.span
      text += labels[index] + String(repeating: " ", count: width - widths[index])
      text += "  \(scale.padded(scale.start.nanoseconds(to: span.start)))"
      text += "  \(scale.padded(span.start.nanoseconds(to: span.end))) \(scale.unit) |\(scale.bar(span))|"
      if let error = span.error { text += " \(SafeText.escaped(error, length: 500))" }
      text += "\n"
      let indent = String(repeating: "  ", count: min(node.depth, SpanTree.Node.maxIndent) + 2)
      for note in span.notes(scale) { text += "\(indent)· \(note)\n" }
    }
    return text
  }
}

extension WaterfallScale {
  /// `nil` when there are no spans.
  init?(_ nodes: [SpanTree.Node]) {
    guard let start = nodes.map(\.span.start).min(), let end = nodes.map(\.span.end).max() else { return nil }
    self.init(start: start, end: end)
  }
}
