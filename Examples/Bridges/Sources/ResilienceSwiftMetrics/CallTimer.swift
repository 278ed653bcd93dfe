public import CoreMetrics
internal import ResilienceCore

/// Records how long calls took, by what they amounted to, with swift-metrics' timers.
///
/// ```swift
/// let charge = ServiceCall("charge") { (order: Order) in try await client.charge(order) }
///   .retry()
///   .timed(by: CallTimer("charge"))
/// ```
///
/// The timer's label is `call_duration_seconds`, its dimensions are `call` and `outcome` (`success`,
/// `failure`, `neutral`): what `CallMeter` of the toolkit has as a histogram of its own. Use one of the two.
public final class CallTimer: Sendable {
  /// The dimension `call`; empty when unnamed.
  public let name: String

  private let success: Timer
  private let failure: Timer
  private let neutral: Timer

  /// Creates a timer.
  ///
  /// - Parameters:
  ///   - name: What is called.
  ///   - factory: Makes the instruments. Default: the one that `MetricsSystem` was bootstrapped with, when
  ///     this is called.
  public init(_ name: String, factory: any MetricsFactory = MetricsSystem.factory) {
    func timer(_ outcome: String) -> Timer {
      Timer(
        label: "call_duration_seconds", dimensions: [("call", name), ("outcome", outcome)],
        preferredDisplayUnit: .seconds, factory: factory)
    }
    self.name = name
    (success, failure, neutral) = (timer("success"), timer("failure"), timer("neutral"))
  }

  func record(from begin: Instant, to end: Instant, _ verdict: Verdict) {
    let nanoseconds = max(0, begin.nanoseconds(to: end))
    switch verdict {
    case .success: success.recordNanoseconds(nanoseconds)
    case .failure: failure.recordNanoseconds(nanoseconds)
    case .neutral: neutral.recordNanoseconds(nanoseconds)
    }
  }
}
