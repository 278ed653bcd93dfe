internal import Logging

extension EventLevels {
  /// A level for each event of the toolkit; the page of this bridge has the table.
  public static let standard = EventLevels(
    Dictionary(uniqueKeysWithValues: names.flatMap { level, names in names.map { ($0, level) } }))

  private static let names: [(Logger.Level, [String])] = [
    (
      .trace, ["span.attribute", "span.link", "span.status"]
    ),
    (
      .debug,
      [
        "balancer.picked", "bulkhead.entered", "bulkhead.gave_up", "bulkhead.limit_changed",
        "bulkhead.queued",
        "bulkhead.rejected", "circuit_breaker.rejected", "circuit_breaker.result_stale",
        "coalescing.deserted",
        "coalescing.joined", "event_bus.delivered", "event_bus.published", "event_bus.scheduled",
        "fault.injected", "hedge.lost", "hedge.refused", "hedge.started", "hedge.won", "inbox.duplicate",
        "journal.compacted", "journal.segment_rolled", "rate_limiter.gave_up", "rate_limiter.granted",
        "rate_limiter.queued", "rate_limiter.refused", "retry.scheduled", "throttle.rejected",
        "timeout.expired", "timeout.refused",
      ]
    ),
    (
      .info,
      [
        "abandoned_work.ended", "circuit_breaker.half_opened", "circuit_breaker.recovering",
        "event_bus.returned",
        "event_bus.redelivery_scheduled", "fallback.degraded", "registry.deregistered",
        "registry.registered", "registry.state_changed", "retry.gave_up",
      ]
    ),
    (
      .notice,
      [
        "balancer.panic_ended", "balancer.returned", "circuit_breaker.closed", "circuit_breaker.overridden",
        "circuit_breaker.restored", "event_broker.mirror_returned", "fault.off", "fault.on",
        "journal.recovered", "registry.health_changed", "registry.panic_ended", "registry.preservation_ended",
        "registry.reinstated", "registry.stale_ended",
      ]
    ),
    (
      .warning,
      [
        "abandoned_work.left", "abandoned_work.refused", "balancer.ejected", "balancer.panic_began",
        "circuit_breaker.opened", "circuit_breaker.probe_expired", "event_bus.dropped",
        "event_broker.mirror_lost", "registry.expired", "registry.panic_began",
        "registry.preservation_began", "registry.stale_began", "registry.suspected",
      ]
    ),
    (
      .error,
      [
        "event_bus.dead_lettered", "fallback.failed", "journal.discarded", "journal.sync_failed",
        "journal.write_failed",
      ]
    ),
  ]
}
