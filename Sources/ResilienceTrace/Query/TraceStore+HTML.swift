internal import ResilienceCore

extension TraceStore {
  /// One trace as a page of HTML that stands alone: no script, no other file, and nothing that a name
  /// contains can become one.
  ///
  /// - Complexity: O(n log n) in the spans of the trace.
  public func htmlWaterfall(of trace: TraceID) -> String {
    let nodes = tree(of: trace)
    let title = "trace \(trace)"
    guard let scale = WaterfallScale(nodes) else {
      return Self.page(title, "<h1>\(title)</h1>\n<p>No spans.</p>\n")
    }
    let count = "\(nodes.count) \(nodes.count == 1 ? "span" : "spans")"
    var body = "<h1>\(title)</h1>\n<p>\(count), \(scale.text(scale.total)) \(scale.unit)</p>\n<table>\n"
    body += "<tr><th>span</th><th>start</th><th>duration (\(scale.unit))</th><th>time</th></tr>\n"
    for node in nodes { body += Self.row(node, scale) }
    return Self.page(title, body + "</table>\n")
  }

  private static func row(_ node: SpanTree.Node, _ scale: WaterfallScale) -> String {
    let span = node.span
    let first = scale.position(span.start)
    let length = max(20, scale.position(span.end) - first)
    let indent = min(node.depth, SpanTree.Node.maxIndent)
    let depth = node.depth > indent ? "[\(node.depth)] " : ""
    var notes = span.notes(scale)
    if let error = span.error { notes.insert(SafeText.escaped(error, length: 500), at: 0) }
    var row = "<tr class=\"\(span.verdict)\"><td style=\"padding-left:\(indent)em\">"
    row += "\(node.mark) \(SafeText.html(depth + node.label))"
    if !notes.isEmpty {
      row += "<ul>" + notes.map { "<li>\(SafeText.html($0))</li>" }.joined() + "</ul>"
    }
    row += "</td><td>\(scale.text(scale.start.nanoseconds(to: span.start)))</td>"
    row += "<td>\(scale.text(span.start.nanoseconds(to: span.end)))</td>"
    row += "<td><div style=\"margin-left:\(percent(first));width:\(percent(length))\"></div></td></tr>\n"
    return row
  }

  private static func percent(_ tenThousandths: Int64) -> String {
    "\(tenThousandths / 100).\(String(100 + tenThousandths % 100).dropFirst())%"
  }

  private static func page(_ title: String, _ body: String) -> String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <title>\(title)</title>
    <style>
    body { font: 13px sans-serif; }
    table { border-collapse: collapse; width: 100%; }
    th, td { text-align: left; vertical-align: top; white-space: nowrap; padding: 1px 8px; }
    td:last-child, th:last-child { width: 60%; }
    ul { margin: 0; padding-left: 2em; color: #555; white-space: normal; }
    div { height: 10px; background: #4a8; }
    .failure div { background: #c43; }
    .neutral div { background: #999; }
    </style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }
}
