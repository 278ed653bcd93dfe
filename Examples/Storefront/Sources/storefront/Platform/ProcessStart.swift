import Resilience

/// When this process began its work, so that a restart can be seen.
struct ProcessStart: MetricSource {
  /// Now.
  init() { seconds = Double(CallContext.current.clock.unixTime.nanoseconds) / 1e9 }

  /// Since 1970.
  let seconds: Double

  var metrics: [Metric] {
    [
      Metric(
        "process_start_time_seconds", .gauge, seconds,
        help: "When the process was started, in seconds since 1970.")
    ]
  }
}
