public import CoreMetrics
public import ResilienceCore
internal import Synchronization

/// Hands the toolkit's snapshots to swift-metrics, every so often: counters by what has come since the last
/// time, gauges as they are.
///
/// ```swift
/// let reporter = SnapshotReporter { [breaker.snapshot(), bus.snapshot(), stacks["payment"]] }
/// group.addTask { try await reporter.run() }
/// ```
///
/// The instruments have the names of the toolkit's page of names, with their units, and its labels as
/// dimensions: `circuit_breaker_openings_total` of `breaker`. A counter is a `Counter`, one of seconds a
/// `FloatingPointCounter`, a gauge a `Meter`. Of a histogram, whose observations a snapshot does not have one
/// by one, there are two counters, with `_count` and `_sum`; the durations themselves go to a ``CallTimer``.
///
/// A value that is lower than the last one is another object's, which counts from 0. A series that is not
/// there any more is destroyed, so that no gauge stays at what it was.
public final class SnapshotReporter: Sendable {
  /// How often ``run()`` reports.
  public let interval: Duration

  private let sources: @Sendable () -> [any MetricSource]
  // Taken out while a report is made: the factory is somebody else's code.
  private let instruments: Mutex<Instruments?>

  /// Creates a reporter that has reported nothing.
  ///
  /// - Parameters:
  ///   - interval: How often ``run()`` reports; less than 10 ms counts as that. Default: 10 s, at most what
  ///     scrapers ask for.
  ///   - factory: Makes the instruments. Default: the one that `MetricsSystem` was bootstrapped with, when
  ///     this is called.
  ///   - sources: The snapshots, taken anew for each report.
  public init(
    every interval: Duration = .seconds(10), factory: any MetricsFactory = MetricsSystem.factory,
    _ sources: @escaping @Sendable () -> [any MetricSource]
  ) {
    self.interval = max(interval, .milliseconds(10))
    self.sources = sources
    instruments = Mutex(Instruments(factory: factory))
  }

  /// Reports every ``interval``, and a last time when its task is cancelled.
  ///
  /// - Throws: `CancellationError` when its task is cancelled.
  public func run() async throws {
    let clock = CallContext.current.clock
    defer { report() }
    while true {
      report()
      try await clock.sleep(for: interval)
    }
  }

  /// Reports at once. While another report is made it does nothing.
  ///
  /// - Returns: What was left out, as sentences: a series that came twice with different values, of two
  ///   objects of one name.
  @discardableResult
  public func report() -> [String] {
    let metrics = sources().flatMap(\.metrics)
    guard
      var taken = instruments.withLock({ instruments in
        defer { instruments = nil }
        return instruments
      })
    else { return [] }
    let omissions = taken.report(metrics)
    let kept = taken
    instruments.withLock { $0 = kept }
    return omissions
  }
}
