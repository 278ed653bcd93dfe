internal import ResilienceCore

extension TraceStore {
  /// One trace as text: a line a span, indented under its parent, with its start, its duration and a bar, and below it a
  /// line an event.
  ///
  /// ```
  /// trace 4bf92f3577b34da6a3ce929d0e0e4736: 4 spans, 80.000 ms
  /// ✓ checkout               0.000  80.000 ms |########################################|
  /// ✓   payment              0.000  70.000 ms |###################################     |
  ///       · retry.scheduled attempt=2 at 20.000 ms
  /// ✗     payment attempt 1   0.000  20.000 ms |##########                              |
  /// ✓     payment attempt 2  50.000  20.000 ms |                         ##########     |
  /// ```
  ///
  /// `✓` success, `✗` failure, `–` neutral; `?` before the name marks a span whose parent is not in the store.
  public func waterfall(of trace: TraceID) -> String {
    let nodes = tree(of: trace)
    guard let start = nodes.map(\.span.start).min(), let end = nodes.map(\.span.end).max() else {
      return "trace \(trace): no spans\n"
    }
    let scale = WaterfallScale(start: start, end: end)
    let labels = nodes.map(label)
    let width = labels.map(\.count).max() ?? 0
    var text = "trace \(trace): \(nodes.count) \(nodes.count == 1 ? "span" : "spans"), "
    text += "\(scale.text(start.nanoseconds(to: end))) \(scale.unit)\n"
    for (node, label) in zip(nodes, labels) {
      let span = node.span
      let offset = padded(scale.text(start.nanoseconds(to: span.start)), scale.width)
      let duration = padded(scale.text(span.start.nanoseconds(to: span.end)), scale.width)
      let filler = String(repeating: " ", count: width - label.count)
      text += "\(label)\(filler)  \(offset)  \(duration) \(scale.unit) |\(scale.bar(span))|"
      if let error = span.error {
        text += " \(error.split(whereSeparator: \.isNewline).joined(separator: " "))"
      }
      text += "\n"
      let indent = String(repeating: "  ", count: node.depth + 2)
      for event in span.events {
        text +=
          "\(indent)· \(event.event.description) at \(scale.text(start.nanoseconds(to: event.instant))) "
        text += "\(scale.unit)\n"
      }
    }
    return text
  }

  private func label(_ node: SpanTree.Node) -> String {
    let span = node.span
    let mark =
      switch span.verdict {
      case .success: "✓"
      case .failure: "✗"
      case .neutral: "–"
      }
    var label = "\(mark) \(String(repeating: "  ", count: node.depth))\(node.isOrphan ? "? " : "")"
    if !span.service.isEmpty { label += "\(span.service): " }
    switch span.kind {
    case .call: label += span.name
    case .attempt:
      label += span.name.isEmpty ? "attempt \(span.attempt)" : "\(span.name) attempt \(span.attempt)"
    case .delivery: label += "\(span.name) delivery \(span.attempt)"
    }
    return label
  }
}

/// Offsets and lengths of one waterfall, in one unit.
private struct WaterfallScale {
  static let columns: Int64 = 40

  let start: Instant
  let total: Int64
  let unit: String
  let divisor: Int64
  let width: Int

  init(start: Instant, end: Instant) {
    self.start = start
    total = start.nanoseconds(to: end)
    (unit, divisor) =
      switch total {
      case 10_000_000_000...: ("s", 1_000_000_000)
      case 10_000_000...: ("ms", 1_000_000)
      default: ("µs", 1000)
      }
    width = Self.text(total, divisor).count
  }

  func text(_ nanoseconds: Int64) -> String { Self.text(nanoseconds, divisor) }

  private static func text(_ nanoseconds: Int64, _ divisor: Int64) -> String {
    let thousandths = max(0, nanoseconds) / (divisor / 1000)
    let fraction = String(1000 + thousandths % 1000).dropFirst()
    return "\(thousandths / 1000).\(fraction)"
  }

  /// At least one column wide, so that every span can be seen.
  func bar(_ span: SpanRecord) -> String {
    let first = min(column(span.start), Self.columns - 1)
    let end = max(column(span.end), first + 1)
    return String(repeating: " ", count: Int(first)) + String(repeating: "#", count: Int(end - first))
      + String(repeating: " ", count: Int(Self.columns - end))
  }

  private func column(_ instant: Instant) -> Int64 {
    guard total > 0 else { return 0 }
    let (quotient, _) = total.dividingFullWidth(
      start.nanoseconds(to: instant).multipliedFullWidth(by: Self.columns))
    return quotient
  }
}

private func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}
