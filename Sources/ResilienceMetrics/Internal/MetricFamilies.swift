internal import ResilienceCore

/// Metrics by name, each series once.
struct MetricFamilies {
  struct Family {
    let name: String
    let kind: Metric.Kind
    let help: String
    var series: [Series] = []
  }

  struct Series {
    let labels: [Metric.Label]
    let metric: Metric
  }

  private(set) var all: [Family] = []
  private(set) var omissions: [String] = []
  private var places: [String: Int] = [:]
  /// The names of what is written, and whose they are.
  private var owners: [String: String] = [:]
  private var seen: [[String]: Metric] = [:]

  mutating func add(_ metric: Metric) {
    let name = MetricName.legal(metric.name)
    guard !name.isEmpty else { return omit("a metric has no name") }
    let histogram = metric.histogram
    guard (metric.kind == .histogram) == (histogram != nil) else {
      return omit("\(name) is \(metric.kind), and has \(histogram == nil ? "no" : "a") histogram")
    }
    let labels = legal(metric.labels, of: name, metric.kind)
    let key = [name] + labels.flatMap { [$0.name, $0.value] }
    if let first = seen.updateValue(metric, forKey: key) {
      // What two snapshots share, such as a budget, is the same in both.
      if first.value == metric.value, first.histogram == metric.histogram { return }
      let text = labels.map { "\($0.name)=\"\(SafeText.escaped($0.value, length: 80))\"" }
      return omit(
        "\(name){\(text.joined(separator: ","))} came twice with different values: give each object a name of its own"
      )
    }
    guard let place = place(of: name, metric) else { return }
    all[place].series.append(Series(labels: labels, metric: metric))
  }

  private mutating func place(of name: String, _ metric: Metric) -> Int? {
    if let place = places[name] {
      if all[place].kind == metric.kind { return place }
      omit("\(name) is \(metric.kind), and \(all[place].kind) before")
      return nil
    }
    let suffixes = metric.kind == .histogram ? ["", "_bucket", "_sum", "_count"] : [""]
    for suffix in suffixes {
      guard let owner = owners[name + suffix] else { continue }
      omit("\(name) has the series \(name + suffix), which is one of \(owner)")
      return nil
    }
    for suffix in suffixes { owners[name + suffix] = name }
    places[name] = all.count
    all.append(Family(name: name, kind: metric.kind, help: metric.help))
    return all.count - 1
  }

  private mutating func legal(
    _ labels: [Metric.Label], of name: String, _ kind: Metric.Kind
  ) -> [Metric.Label] {
    var legal: [Metric.Label] = []
    for label in labels {
      let label = Metric.Label(MetricName.legal(label.name, isLabel: true), label.value)
      // A bucket's bound is a label of that name.
      let isTaken = legal.contains { $0.name == label.name } || (kind == .histogram && label.name == "le")
      if label.name.isEmpty || isTaken {
        omit("\(name) has the label \"\(label.name)\" twice, or without a name, or as a bucket's own")
      } else {
        legal.append(label)
      }
    }
    return legal
  }

  private mutating func omit(_ reason: String) { omissions.append(reason) }
}
