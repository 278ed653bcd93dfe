/// What all plots over the day have in common: their size, the time at the bottom, and the day's faults.
struct PlotFrame: Sendable {
  static let width = 480.0
  static let right = 14.0
  static let top = 60.0
  static let bottom = 36.0

  let time: TimeAxis
  let faults: [Fault]
  let height: Double
  let left: Double

  var floor: Double { height - Self.bottom }

  func x(_ second: Double) -> Double {
    left + (Self.width - Self.right - left) * min(max(second / Double(max(1, time.seconds)), 0), 1)
  }

  /// A drawing with a name and a description for those who do not see it.
  func drawing(_ id: String, title: String, description: String, _ content: String) -> String {
    Markup.element(
      "svg",
      [
        "viewBox": "0 0 \(Markup.number(Self.width)) \(Markup.number(height))", "role": "img",
        "aria-labelledby": "\(id)-title \(id)-text",
      ],
      Markup.element("title", ["id": "\(id)-title"], Markup.text(title))
        + Markup.element("desc", ["id": "\(id)-text"], Markup.text(description)) + content)
  }

  var timeAxis: String {
    let baseline = line((left, floor), (Self.width - Self.right, floor), "axis")
    let end = Self.width - Self.right
    let ticks = time.ticks(atMost: Int((end - left) / 44)).map { second in
      let x = x(Double(second))
      return line((x, floor), (x, floor + 4), "axis")
        + Markup.label(time.label(second), (min(x, end - 5), floor + 17), "middle", "quiet")
    }
    return baseline + ticks.joined()
      + Markup.label("time of day", (Self.width - Self.right, height - 4), "end", "quiet")
  }

  /// The faults: shaded for as long as they last, with their names in as many rows as they need; those that
  /// are moments as marks.
  var faultBands: String {
    var ends = [0.0, 0.0, 0.0]
    var drawing = ""
    for fault in faults {
      switch fault.time {
      case .window(let range):
        let (from, to) = (x(Double(range.lowerBound)), x(Double(range.upperBound)))
        drawing += Markup.element(
          "rect",
          [
            "class": "fault", "x": Markup.number(from), "y": Markup.number(Self.top),
            "width": Markup.number(max(2, to - from)), "height": Markup.number(floor - Self.top),
          ], Markup.element("title", [:], Markup.text(fault.name)))
        let half = Double(fault.name.count) * 3
        let middle = min(max((from + to) / 2, left + half), Self.width - Self.right - half)
        let row = ends.firstIndex { $0 <= middle - half } ?? ends.count - 1
        ends[row] = middle + half + 6
        drawing += Markup.label(fault.name, (middle, Self.top - 6 - Double(row) * 13), "middle", "small")
      case .moments(let seconds): drawing += seconds.map { mark(fault, x(Double($0))) }.joined()
      case .allDay: break
      }
    }
    return drawing
  }

  private func mark(_ fault: Fault, _ x: Double) -> String {
    Markup.element(
      "path", ["class": "mark", "d": FaultMark.path(fault.name, x, floor)],
      Markup.element("title", [:], Markup.text(fault.name)))
  }

  func line(_ from: (Double, Double), _ to: (Double, Double), _ kind: String) -> String {
    Markup.empty(
      "line",
      [
        "class": kind, "x1": Markup.number(from.0), "y1": Markup.number(from.1), "x2": Markup.number(to.0),
        "y2": Markup.number(to.1),
      ])
  }
}
