public import ResilienceCore

/// What a ``SimulatedService`` has been asked and has done until one moment.
///
/// What was ``offered`` is, at each moment, the sum of all the others.
public struct SimulatedServiceSnapshot: Sendable, Hashable {
  /// The service's name.
  public let service: String

  /// Calls that arrived.
  public internal(set) var offered = 0

  /// Work that was done while its caller still waited, before the deadline: the goodput.
  public internal(set) var completedInTime = 0

  /// Work that was done for nobody: the caller had left or the deadline had passed.
  public internal(set) var wasted = 0

  /// Work that was started and failed.
  public internal(set) var failed = 0

  /// Calls that were not let in: the queue was full, or the service was down.
  public internal(set) var rejected = 0

  /// Work that was let in, and dropped unstarted because its deadline had passed.
  public internal(set) var expired = 0

  /// Calls that wait for a worker.
  public internal(set) var queueLength = 0

  /// Workers that have work.
  public internal(set) var busyWorkers = 0

  init(service: String) {
    self.service = service
  }
}

extension SimulatedServiceSnapshot: MetricSource {
  /// `service_offered_total`, `service_completed_in_time_total`, `service_wasted_total`,
  /// `service_failed_total`, `service_rejected_total`, `service_expired_total`, `service_queue_length` and
  /// `service_busy_workers`.
  public var metrics: [Metric] {
    let label = Metric.Label("service", service)
    return [
      Metric(
        "service_offered_total", .counter, Double(offered), labels: [label], help: "Calls that came."),
      Metric(
        "service_completed_in_time_total", .counter, Double(completedInTime), labels: [label],
        help: "Calls that were answered in time."),
      Metric(
        "service_wasted_total", .counter, Double(wasted), labels: [label],
        help: "Calls that were answered too late."),
      Metric(
        "service_failed_total", .counter, Double(failed), labels: [label], help: "Calls that failed."),
      Metric(
        "service_rejected_total", .counter, Double(rejected), labels: [label],
        help: "Calls that were refused, because the queue was full."),
      Metric(
        "service_expired_total", .counter, Double(expired), labels: [label],
        help: "Calls that were dropped, because their deadline had passed."),
      Metric(
        "service_queue_length", .gauge, Double(queueLength), labels: [label],
        help: "Calls that wait for a worker of a simulated service."),
      Metric(
        "service_busy_workers", .gauge, Double(busyWorkers), labels: [label],
        help: "Workers of a simulated service that are at work."),
    ]
  }
}
