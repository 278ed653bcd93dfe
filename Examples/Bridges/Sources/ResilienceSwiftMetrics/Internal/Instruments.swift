internal import CoreMetrics
internal import ResilienceCore

/// The instruments of one reporter, by series.
struct Instruments: Sendable {
  struct Series: Hashable {
    var name: String
    var labels: [Metric.Label]

    var dimensions: [(String, String)] { labels.map { ($0.name, $0.value) } }
  }

  fileprivate enum Instrument: Sendable {
    case counter(Counter)
    case seconds(FloatingPointCounter)
    case gauge(Meter)
  }

  private let factory: any MetricsFactory
  private var known: [Series: (instrument: Instrument, last: Double)] = [:]

  init(factory: any MetricsFactory) {
    self.factory = factory
  }

  mutating func report(_ metrics: [Metric]) -> [String] {
    var (seen, omissions): ([Series: Double], [String]) = ([:], [])
    for (series, kind, value) in metrics.flatMap(Self.parts) {
      if let first = seen[series] {
        if first != value {
          omissions.append("\(series.name) of \(series.labels) came twice, with different values")
        }
        continue
      }
      seen[series] = value
      set(series, kind, value)
    }
    for gone in known.keys where seen[gone] == nil {
      known.removeValue(forKey: gone)?.instrument.destroy()
    }
    return omissions
  }

  private static func parts(of metric: Metric) -> [(Series, Metric.Kind, Double)] {
    guard let histogram = metric.histogram else {
      return [(Series(name: metric.name, labels: metric.labels), metric.kind, metric.value)]
    }
    return [("_count", Double(histogram.count)), ("_sum", histogram.sum)].map { suffix, value in
      (Series(name: metric.name + suffix, labels: metric.labels), .counter, value)
    }
  }

  private mutating func set(_ series: Series, _ kind: Metric.Kind, _ value: Double) {
    let (instrument, last) = known[series] ?? (make(series, kind), 0)
    known[series] = (instrument, instrument.set(value, after: last))
  }

  private func make(_ series: Series, _ kind: Metric.Kind) -> Instrument {
    let (name, dimensions) = (series.name, series.dimensions)
    if kind == .gauge { return .gauge(Meter(label: name, dimensions: dimensions, factory: factory)) }
    if name.hasSuffix("_seconds_total") || name.hasSuffix("_sum") {
      return .seconds(FloatingPointCounter(label: name, dimensions: dimensions, factory: factory))
    }
    return .counter(Counter(label: name, dimensions: dimensions, factory: factory))
  }
}

extension Instruments.Instrument {
  /// - Returns: What the next value is compared with.
  fileprivate func set(_ value: Double, after last: Double) -> Double {
    let growth = value < last ? value : value - last
    switch self {
    case .gauge(let meter):
      meter.set(value)
      return value
    case .seconds(let counter):
      if growth > 0 { counter.increment(by: growth) }
      return value
    case .counter(let counter):
      let whole = Int64(exactly: growth.rounded(.down)) ?? 0
      if whole > 0 { counter.increment(by: whole) }
      // What is not whole so far comes with the next report.
      return value - (growth - Double(whole))
    }
  }

  fileprivate func destroy() {
    switch self {
    case .counter(let counter): counter.destroy()
    case .seconds(let counter): counter.destroy()
    case .gauge(let meter): meter.destroy()
    }
  }
}
