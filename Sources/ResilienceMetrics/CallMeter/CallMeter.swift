public import ResilienceCore

/// Counts calls by what they amounted to, and how long they took: what a service's dashboard begins with.
///
/// ```swift
/// let meter = CallMeter("payment.charge")
/// let charge = payment.retry().metered(by: meter)
/// let page = MetricsPage([meter.snapshot()])
/// ```
///
/// Outside a retry it measures what the caller sees, inside it each attempt; one meter for each place. It is
/// shared by everything that is to be counted together.
public final class CallMeter: Sendable {
  /// The bounds that OpenTelemetry advises for the duration of HTTP requests: 5 ms to 10 s.
  public static let defaultBounds: [Duration] = [
    .milliseconds(5), .milliseconds(10), .milliseconds(25), .milliseconds(50), .milliseconds(75),
    .milliseconds(100), .milliseconds(250), .milliseconds(500), .milliseconds(750), .seconds(1),
    .milliseconds(2500), .seconds(5), .milliseconds(7500), .seconds(10),
  ]

  /// The label `call` of its metrics; empty when unnamed.
  public let name: String

  /// The upper bounds of the buckets, growing.
  public let bounds: [Duration]

  private let nanoseconds: [Int64]
  private let state: Lock<CallCounts>

  /// Creates a meter that has counted nothing.
  ///
  /// - Parameters:
  ///   - name: What is called.
  ///   - bounds: The upper bounds of the histogram's buckets: positive and growing, 1 to 100. Default:
  ///     ``defaultBounds``.
  public init(_ name: String, bounds: [Duration] = CallMeter.defaultBounds) {
    precondition(
      (1...100).contains(bounds.count), "a call meter must have 1 to 100 bounds, has \(bounds.count)")
    precondition(
      zip([.zero] + bounds, bounds).allSatisfy(<),
      "a call meter's bounds must be positive and grow, are \(bounds)")
    self.name = name
    self.bounds = bounds
    nanoseconds = bounds.map(\.clampedNanoseconds)
    state = Lock(CallCounts(buckets: bounds.count + 1))
  }

  /// What has been counted so far.
  public func snapshot() -> CallMeterSnapshot {
    CallMeterSnapshot(name: name, bounds: bounds, counts: state.withLock { $0 })
  }

  @usableFromInline
  func begin(_ context: CallContext) -> Instant {
    let begin = context.readClock()
    state.withLock { $0.running += 1 }
    return begin
  }

  @usableFromInline
  func end(_ begin: Instant, _ verdict: Verdict, _ context: CallContext) {
    let duration = max(0, context.readClock().nanoseconds.subtractingSaturating(begin.nanoseconds))
    // A handful of bounds: a search would cost more.
    let bucket = nanoseconds.firstIndex { duration <= $0 } ?? nanoseconds.count
    state.withLock { $0.add(duration, bucket: bucket, verdict) }
  }
}
