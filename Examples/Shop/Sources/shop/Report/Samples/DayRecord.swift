import Resilience

/// What one run of the day leaves behind, beside its figures: what the report draws.
struct DayRecord: Sendable {
  var samples: [DaySample]
  /// What the customers asked for, in the order in which it was answered.
  var requests: [CustomerMeter.Request]
  /// The names of the breakers; none in the bare run.
  var breakers: [String]
  var breakerLog: BreakerLog
  var findings: [Invariants.Finding]
  /// The trace of an order that met trouble, as text.
  var troubledOrder: String
  /// The shipped order that took longest, with its spans.
  var slowest: SlowOrder?
  var graph: ServiceGraph
  /// From placing to shipping, in seconds, of each order that was shipped.
  var latencies: [String: Double]
}

/// An order and its trace.
struct SlowOrder: Sendable {
  var order: String
  var seconds: Double
  var spans: [SpanRecord]

  /// The shipped order that took longest; `nil` when none of them was traced.
  static func slowest(_ platform: Platform) -> SlowOrder? {
    let latencies = platform.book.latencies.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    for (order, seconds) in latencies {
      guard let trace = platform.book.entry(order)?.trace else { continue }
      let spans = platform.store.spans(inTrace: trace)
      if !spans.isEmpty { return SlowOrder(order: order, seconds: seconds, spans: spans) }
    }
    return nil
  }
}
