/// What a line or a colour of a plot means.
enum PlotKey {
  static func line(_ series: LinePlot.Series) -> String {
    key(
      series.name,
      Markup.empty("path", ["class": "plot \(series.kind.rawValue)", "d": "M0 5 L34 5"]))
  }

  static func phase(_ phase: BreakerPhase) -> String {
    key(
      phase.rawValue,
      Markup.empty("rect", ["class": phase.style, "x": "0", "y": "0", "width": "34", "height": "10"]))
  }

  static func fault(_ name: String) -> String {
    key(name, Markup.empty("path", ["class": "mark", "d": FaultMark.path(name, 17, 10)]))
  }

  static var window: String {
    key(
      "a fault that lasts",
      Markup.empty("rect", ["class": "fault", "x": "0", "y": "0", "width": "34", "height": "10"]))
  }

  private static func key(_ name: String, _ sign: String) -> String {
    Markup.element(
      "span", ["class": "key"],
      Markup.element("svg", ["viewBox": "0 0 34 10", "aria-hidden": "true"], sign) + Markup.text(name))
  }
}

extension BreakerPhase {
  /// The class of its colour.
  var style: String {
    switch self {
    case .closed: "closed"
    case .open: "open"
    case .halfOpen: "halfOpen"
    case .recovering: "recovering"
    }
  }
}
