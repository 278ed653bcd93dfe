import Foundation

/// The last minutes of a figure as a line without axes.
enum Sparkline {
  /// The most points: more than these are added up.
  private static let points = 60

  /// Empty for fewer than two values.
  static func svg(_ values: [Double], label: String) -> String {
    let values = thinned(values.map { $0.isFinite ? max(0, $0) : 0 })
    guard values.count > 1 else { return "" }
    let highest = max(1, values.max() ?? 1)
    let places = values.enumerated().map { index, value in
      String(
        format: "%.1f,%.1f", Double(index) / Double(values.count - 1) * 100, 19 - value / highest * 18)
    }
    return HTML.element(
      "svg", ["class": "spark", "viewBox": "0 0 100 20", "preserveAspectRatio": "none", "role": "img"],
      HTML.element("title", [:], HTML.text(label))
        + HTML.element("polyline", ["points": places.joined(separator: " ")], ""))
  }

  private static func thinned(_ values: [Double]) -> [Double] {
    let width = (values.count + points - 1) / points
    guard width > 1 else { return values }
    // The newest are whole: what is over is at the begin.
    let values = Array(values.dropFirst(values.count % width))
    return stride(from: 0, to: values.count, by: width).map { begin in
      values[begin..<begin + width].reduce(0, +)
    }
  }
}
