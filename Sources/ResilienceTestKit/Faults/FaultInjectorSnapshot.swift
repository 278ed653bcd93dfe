public import ResilienceCore

/// What a ``FaultInjector`` has done until one moment.
public struct FaultInjectorSnapshot: Sendable, Hashable {
  /// The name of the injector.
  public let injector: String

  /// Whether faults may hit.
  public let isOn: Bool

  /// Calls made while it was on.
  public let calls: UInt64

  /// The names of the faults, in their order.
  public let faults: [String]

  /// How many calls each of the ``faults`` has hit.
  public let hits: [UInt64]
}

extension FaultInjectorSnapshot: MetricSource {
  /// `fault_on`, `fault_calls_total`, and `fault_injected_total` for each fault and its position in the list.
  public var metrics: [Metric] {
    let label = Metric.Label("injector", injector)
    let hits = zip(faults, hits).enumerated().map { position, fault in
      Metric(
        "fault_injected_total", .counter, Double(fault.1),
        labels: [label, Metric.Label("fault", fault.0), Metric.Label("position", "\(position)")],
        help: "Calls that got the fault.")
    }
    return [
      Metric("fault_on", .gauge, isOn ? 1 : 0, labels: [label], help: "1 while the fault is on, else 0."),
      Metric(
        "fault_calls_total", .counter, Double(calls), labels: [label], help: "Calls that came by the fault."),
    ] + hits
  }
}
