/// A snapshot that can be read as metrics: the common face of every pattern's `snapshot()`.
public protocol MetricSource: Sendable {
  /// The measurements, in a fixed order.
  var metrics: [Metric] { get }
}
