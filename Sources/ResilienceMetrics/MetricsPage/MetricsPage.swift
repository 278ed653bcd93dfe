public import ResilienceCore

/// Snapshots as the text that Prometheus and its like scrape.
///
/// ```swift
/// let page = MetricsPage([breaker.snapshot(), limiter.snapshot(), bus.snapshot()])
/// response.send(page.text, contentType: page.contentType)
/// ```
///
/// A pure function: it holds nothing, and asks nobody. Metrics of one name stand together, in the order in
/// which they came first. What the format does not allow in a name becomes `_`; values of labels and help may
/// hold anything.
public struct MetricsPage: Sendable, Hashable {
  /// The text, which ends with a line break; empty without metrics, but for the end that OpenMetrics wants.
  public let text: String

  /// Which form it has.
  public let format: MetricsFormat

  /// What was left out because a scraper would refuse the whole page for it, as sentences: a series that came
  /// twice with different values (of two objects of one name, or without one), a name that has two kinds.
  public let omissions: [String]

  /// The media type of the text.
  public var contentType: String { format.contentType }

  /// Writes the metrics of some snapshots.
  ///
  /// - Parameters:
  ///   - sources: The snapshots.
  ///   - format: Default: Prometheus' own.
  public init(_ sources: [any MetricSource], format: MetricsFormat = .prometheus) {
    self.init(sources.flatMap(\.metrics), format: format)
  }

  /// Writes metrics.
  ///
  /// - Parameters:
  ///   - metrics: The metrics.
  ///   - format: Default: Prometheus' own.
  public init(_ metrics: [Metric], format: MetricsFormat = .prometheus) {
    var families = MetricFamilies()
    for metric in metrics { families.add(metric) }
    var writer = ExpositionWriter(format: format)
    for family in families.all { writer.write(family) }
    text = writer.finished
    omissions = families.omissions
    self.format = format
  }
}
