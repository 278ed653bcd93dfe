internal import ResilienceCore

/// Writes families of metrics in one of the text forms.
struct ExpositionWriter {
  private static let units = ["seconds", "bytes", "ratio"]

  let format: MetricsFormat
  private var text = ""

  init(format: MetricsFormat) {
    self.format = format
  }

  var finished: String { format == .openMetrics ? text + "# EOF\n" : text }

  mutating func write(_ family: MetricFamilies.Family) {
    let isOpen = format == .openMetrics
    let isTotal = family.kind == .counter && family.name.hasSuffix("_total")
    // In OpenMetrics a counter's name is without the ending of its one series.
    let name = isOpen && isTotal ? String(family.name.dropLast(6)) : family.name
    let sample = isOpen && family.kind == .counter ? name + "_total" : family.name
    if !family.help.isEmpty { line("# HELP \(name) \(escaped(family.help, quotes: isOpen))") }
    line("# TYPE \(name) \(kind(family.kind))")
    if isOpen, let unit = Self.units.first(where: { name.hasSuffix("_\($0)") }) {
      line("# UNIT \(name) \(unit)")
    }
    for series in family.series {
      if let histogram = series.metric.histogram {
        write(histogram, name, series.labels)
      } else {
        self.sample(sample, series.labels, series.metric.value)
      }
    }
  }

  private mutating func write(_ histogram: Metric.Histogram, _ name: String, _ labels: [Metric.Label]) {
    for bucket in histogram.buckets where bucket.upperBound.isFinite {
      let bound = Metric.Label(
        "le", format == .openMetrics ? "\(bucket.upperBound)" : number(bucket.upperBound))
      sample("\(name)_bucket", labels + [bound], Double(bucket.count))
    }
    sample("\(name)_bucket", labels + [Metric.Label("le", "+Inf")], Double(histogram.count))
    sample("\(name)_sum", labels, histogram.sum)
    sample("\(name)_count", labels, Double(histogram.count))
  }

  private mutating func sample(_ name: String, _ labels: [Metric.Label], _ value: Double) {
    let pairs = labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
    line(name + (pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}") + " \(number(value))")
  }

  private mutating func line(_ line: String) {
    text += line
    text += "\n"
  }

  private func kind(_ kind: Metric.Kind) -> String {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    case .histogram: "histogram"
    }
  }

  private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
  }

  private func escaped(_ text: String, quotes: Bool) -> String {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
      case "\"" where quotes: escaped.append(contentsOf: "\\\"".unicodeScalars)
      default: escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}
