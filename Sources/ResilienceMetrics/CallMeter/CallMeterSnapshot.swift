public import ResilienceCore

/// What a ``CallMeter`` has counted.
public struct CallMeterSnapshot: MetricSource, Hashable {
  /// The calls that amounted to one thing.
  public struct Calls: Sendable, Hashable {
    /// How many there were.
    public let count: Int

    /// How long they took together.
    public let duration: Duration

    /// How many took no longer than each of the bounds, those of the smaller bounds included.
    public let buckets: [Int]
  }

  /// The meter's name.
  public let name: String

  /// The upper bounds of the buckets.
  public let bounds: [Duration]

  /// Calls that are under way.
  public let inFlight: Int

  /// Calls that succeeded.
  public let succeeded: Calls

  /// Calls that failed.
  public let failed: Calls

  /// Calls that say nothing about the destination: cancelled ones, most of them.
  public let neutral: Calls

  init(name: String, bounds: [Duration], counts: CallCounts) {
    self.name = name
    self.bounds = bounds
    inFlight = counts.running
    succeeded = Calls(counts.success)
    failed = Calls(counts.failure)
    neutral = Calls(counts.neutral)
  }

  /// The duration that `share` of the succeeded calls did not exceed, by linear interpolation in its bucket,
  /// as Prometheus' `histogram_quantile`.
  ///
  /// - Parameter share: From 0 to 1; what lies outside counts as the nearer of them.
  /// - Returns: `nil` without calls; the largest bound when it lies behind that.
  public func quantile(_ share: Double) -> Duration? {
    guard succeeded.count > 0, !share.isNaN else { return nil }
    let rank = min(1, max(0, share)) * Double(succeeded.count)
    var (lower, below) = (Duration.zero, 0)
    for (bound, count) in zip(bounds, succeeded.buckets) {
      if Double(count) >= rank, count > below {
        return lower + (bound - lower) * max(0, (rank - Double(below)) / Double(count - below))
      }
      (lower, below) = (bound, count)
    }
    return bounds.last
  }

  /// Durations as a histogram by outcome (`success`, `failure`, `neutral`), and the calls in flight.
  public var metrics: [Metric] {
    let label = Metric.Label("call", name)
    let outcomes = [("success", succeeded), ("failure", failed), ("neutral", neutral)]
    return outcomes.map { outcome, calls in
      Metric(
        "call_duration_seconds", .histogram(calls, bounds),
        labels: [label, Metric.Label("outcome", outcome)],
        help: "How long calls took, by what they amounted to.")
    } + [
      Metric("call_in_flight", .gauge, Double(inFlight), labels: [label], help: "Calls that are under way.")
    ]
  }
}

extension CallMeterSnapshot.Calls {
  fileprivate init(_ series: CallCounts.Series) {
    count = series.total
    duration = .nanoseconds(series.nanoseconds)
    var sum = 0
    buckets = series.counts.dropLast().map { count in
      sum += count
      return sum
    }
  }
}

extension Metric.Histogram {
  fileprivate static func histogram(_ calls: CallMeterSnapshot.Calls, _ bounds: [Duration]) -> Self {
    Metric.Histogram(
      buckets: zip(bounds, calls.buckets).map { Bucket(upperBound: $0.0 / .seconds(1), count: $0.1) },
      count: calls.count, sum: calls.duration / .seconds(1))
  }
}
