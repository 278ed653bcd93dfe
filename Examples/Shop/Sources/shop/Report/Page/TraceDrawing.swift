import Resilience

/// A trace as bars over its time, a row for each span.
struct TraceDrawing {
  static let mostRows = 40
  private static let labels = 330.0
  private static let width = 800.0
  private static let row = 20.0

  let slow: SlowOrder

  private var start: Instant { slow.spans.map(\.start).min() ?? Instant(nanoseconds: 0) }
  private var nanoseconds: Double {
    max(1, Double(start.nanoseconds(to: slow.spans.map(\.end).max() ?? start)))
  }

  var figure: String {
    let rows = SpanRow.rows(slow.spans)
    let (first, last) = SpanRow.shortened(rows, to: Self.mostRows)
    let rest = rows.count - first.count - last.count
    let gap = last.isEmpty ? 0.0 : 1
    let height = (Double(first.count + last.count) + gap) * Self.row + 34
    let title = "The trace of order \(slow.order)"
    func y(_ row: Double) -> Double { row * Self.row + 28 }
    let content =
      first.enumerated().map { row($1, at: y(Double($0))) }
      + (last.isEmpty ? [] : [Markup.label("…", (0, y(Double(first.count)) + 4), "start", "")])
      + last.enumerated().map { row($1, at: y(Double(first.count + $0) + gap)) }
    let drawing = Markup.element(
      "svg",
      [
        "class": "wide", "viewBox": "0 0 \(Markup.number(Self.width)) \(Markup.number(height))",
        "role": "img",
        "aria-labelledby": "trace-title trace-text",
      ],
      Markup.element("title", ["id": "trace-title"], Markup.text(title))
        + Markup.element(
          "desc", ["id": "trace-text"],
          Markup.text("\(rows.count) spans in \(Decimal.text(nanoseconds / 1e9, 1)) seconds."))
        + axis(height) + content.joined())
    let note =
      "✓ succeeded, ✗ failed, – ended in a refusal."
      + (rest > 0 ? " \(rest) of \(rows.count) spans are left out, attempts first." : "")
    return Markup.element(
      "figure", ["id": "trace"],
      Markup.element("div", ["class": "scroll"], drawing) + Markup.element("figcaption", [:], note))
  }

  private func x(_ instant: Instant) -> Double {
    Self.labels + (Self.width - Self.labels - 64) * Double(start.nanoseconds(to: instant)) / nanoseconds
  }

  private func axis(_ height: Double) -> String {
    let axis = ValueAxis(highest: nanoseconds / 1e9)
    return axis.ticks.filter { $0 * 1e9 <= nanoseconds * 1.0001 }.map { second in
      let x = x(start.advanced(by: .nanoseconds(Int64(second * 1e9))))
      return Markup.empty(
        "line",
        [
          "class": "grid", "x1": Markup.number(x), "y1": "18", "x2": Markup.number(x),
          "y2": Markup.number(height - 4),
        ]) + Markup.label("\(axis.label(second)) s", (x, 12), "middle", "quiet")
    }.joined()
  }

  private func row(_ row: SpanRow, at y: Double) -> String {
    let (from, to) = (x(row.span.start), x(row.span.end))
    let indent = Double(min(row.depth, 12)) * 10
    let kind: String =
      switch row.span.verdict {
      case .success: "bar"
      case .failure: "bar failure"
      case .neutral: "bar neutral"
      }
    let room = Int((Self.labels - indent - 10) / 6.6)
    let label = "\(row.sign) \(row.label)"
    let error = row.span.error.map { ": \($0)" } ?? ""
    let seconds = row.span.duration / .seconds(1)
    return Markup.element(
      "g", [:],
      Markup.element("title", [:], Markup.text("\(row.label), \(Decimal.text(seconds, 3)) s\(error)"))
        + Markup.label(
          label.count > room ? "\(label.prefix(room - 1))…" : label, (indent, y + 4), "start",
          row.span.verdict == .failure ? "bad" : "")
        + Markup.empty(
          "rect",
          [
            "class": kind, "x": Markup.number(from), "y": Markup.number(y - 6),
            "width": Markup.number(max(1.5, to - from)), "height": "11",
          ])
        + Markup.label(
          "\(Decimal.text(seconds, seconds < 1 ? 3 : 1)) s", (max(to, from + 1.5) + 5, y + 4), "start",
          "quiet")
    )
  }
}
