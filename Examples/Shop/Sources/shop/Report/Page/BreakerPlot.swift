import Resilience

/// What each breaker did over the day, a band for each.
struct BreakerPlot: Sendable {
  static let id = "plot-breakers"

  let record: DayRecord
  let openSeconds: [String: Double]

  func figure(_ time: TimeAxis, _ faults: [Fault]) -> String {
    let rows = record.breakers
    let frame = PlotFrame(
      time: time, faults: faults, height: PlotFrame.top + PlotFrame.bottom + Double(rows.count) * 38 + 10,
      left: 84
    )
    let bands = rows.enumerated().map { band($1, at: PlotFrame.top + Double($0) * 38 + 8, frame) }
    let drawing = frame.drawing(
      Self.id, title: "Breakers, with the toolkit", description: description,
      frame.faultBands + bands.joined() + frame.timeAxis)
    let keys = [BreakerPhase.closed, .open, .halfOpen, .recovering].map(PlotKey.phase).joined()
    return Markup.element(
      "figure", ["id": Self.id],
      Markup.element("h3", [:], "Breakers, with the toolkit")
        + Markup.element("figcaption", [:], keys + "Bare calls have none.") + drawing)
  }

  private var description: String {
    record.breakers.map { "\($0): open for \(Decimal.text(openSeconds[$0] ?? 0, 0)) s" }
      .joined(separator: "; ") + "."
  }

  private func band(_ breaker: String, at y: Double, _ frame: PlotFrame) -> String {
    let end = Instant(nanoseconds: Int64(frame.time.seconds) * 1_000_000_000)
    let stretches = record.breakerLog.stretches(of: breaker, until: end)
    let right = PlotFrame.width - PlotFrame.right
    let open = "open for \(Decimal.text(openSeconds[breaker] ?? 0, 0)) s"
    return rectangle("closed", frame.left, right, y)
      + stretches.map { stretch in
        let start = Double(stretch.start.nanoseconds) / 1_000_000_000
        return rectangle(stretch.phase.style, frame.x(start), frame.x(start + stretch.seconds), y)
      }.joined()
      + Markup.label(breaker, (frame.left - 6, y + 11), "end", "")
      + Markup.label(open, (right, y + 26), "end", "quiet")
  }

  private func rectangle(_ kind: String, _ from: Double, _ to: Double, _ y: Double) -> String {
    Markup.empty(
      "rect",
      [
        "class": kind, "x": Markup.number(from), "y": Markup.number(y),
        "width": Decimal.text(max(0.3, to - from), 2), "height": "14",
      ])
  }
}
