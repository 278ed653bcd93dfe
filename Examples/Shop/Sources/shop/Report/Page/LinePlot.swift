/// Lines over the day, on one axis.
struct LinePlot: Sendable {
  enum Kind: String, Sendable {
    case bare, toolkit, third
  }

  struct Series: Sendable {
    var name: String
    var kind: Kind
    /// Seconds after opening, and values; `nil` where there is nothing to show.
    var points: [(second: Double, value: Double?)]

    var highest: Double { points.compactMap(\.value).max() ?? 0 }
  }

  var id: String
  var title: String
  /// What the values are, such as `orders`, `ms`.
  var unit: String
  var scale = ValueAxis.Scale.even
  var series: [Series]

  func figure(_ time: TimeAxis, _ faults: [Fault]) -> String {
    let frame = PlotFrame(time: time, faults: faults, height: 280, left: 50)
    let axis = ValueAxis(highest: series.map(\.highest).max() ?? 0, scale: scale)
    let drawing = frame.drawing(
      id, title: title, description: description,
      frame.faultBands + valueAxis(axis, frame) + frame.timeAxis
        // The dashes last: they are seen where both lines are the same.
        + series.reversed().map { path($0, axis, frame) }.joined())
    return Markup.element(
      "figure", ["id": id],
      Markup.element("h3", [:], Markup.text(title))
        + Markup.element("figcaption", [:], series.map(PlotKey.line).joined()) + drawing)
  }

  private var description: String {
    let parts = series.map { "\($0.name): at most \(Decimal.text($0.highest, 1)) \(unit)" }
    return "\(unit) over the time of day. " + parts.joined(separator: "; ") + "."
  }

  private func y(_ value: Double, _ axis: ValueAxis, _ frame: PlotFrame) -> Double {
    frame.floor - (frame.floor - PlotFrame.top) * axis.height(value)
  }

  private func valueAxis(_ axis: ValueAxis, _ frame: PlotFrame) -> String {
    axis.ticks.map { value in
      let y = y(value, axis, frame)
      return frame.line((frame.left, y), (PlotFrame.width - PlotFrame.right, y), "grid")
        + Markup.label(axis.label(value), (frame.left - 6, y + 4), "end", "quiet")
    }.joined() + Markup.label(unit, (2, 12), "start", "quiet")
  }

  private func path(_ series: Series, _ axis: ValueAxis, _ frame: PlotFrame) -> String {
    var path = ""
    var isDrawing = false
    for point in series.points {
      guard let value = point.value else {
        isDrawing = false
        continue
      }
      path += "\(isDrawing ? "L" : "M")\(Markup.number(frame.x(point.second))) "
      path += "\(Markup.number(y(value, axis, frame)))"
      // A point without neighbours is a dot.
      if !isDrawing { path += "h0" }
      isDrawing = true
    }
    return Markup.empty("path", ["class": "plot \(series.kind.rawValue)", "d": path])
  }
}
