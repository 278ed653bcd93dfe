public import ResilienceCore

/// How the events of a group are delivered: how many at once, how often, how soon again, and what happens
/// when there are too many.
///
/// ```swift
/// DeliveryPolicy(maxDeliveries: 8, backoff: .exponential(base: .milliseconds(500)), parallelism: 4)
/// ```
public struct DeliveryPolicy: Sendable, Hashable {
  /// The most deliveries of one event to the group, the first one included; 1 or more.
  ///
  /// A delivery that one of our own layers refused (an open breaker, an empty bucket) counts as well, so that
  /// the number is a bound whatever happens. One that the bus's own shutdown interrupted does not.
  public let maxDeliveries: Int

  /// The wait before a redelivery. What the failure asked for (`retryAt`, `retryAfter`) comes before it, so
  /// that those who were told the same instant do not come back together.
  ///
  /// Meanwhile later events of the same subject wait too: their order is kept.
  public let backoff: Backoff

  /// The most handlers of this subscription that run at once; 1 or more.
  public let parallelism: Int

  /// What one delivery may take, as a deadline of its own in the handler's context; `nil` for the event's
  /// deadline alone.
  ///
  /// Cooperative: put a `.timeout` on the handler to have it cancelled.
  public let timeout: Duration?

  /// How long a handler may be at work on one delivery before it counts as lost: the handler is cancelled,
  /// the event is delivered again as after a failure, and its subject and the handler's place are free, also
  /// when the handler never returns. ``EventBus/extendLease(of:context:)`` begins it anew. `nil` for no
  /// limit.
  public let lease: Duration?

  /// What happens to an event when the group has as many outstanding as it may.
  ///
  /// A group that all subscriptions have left never holds the others up: with ``Overflow/refuse`` and
  /// ``Overflow/wait`` too its oldest events become dead letters then.
  public let overflow: Overflow

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - maxDeliveries: Default: 12. With the default backoff they span 70 s on average and 141 s at most, so
  ///     that an outage of a minute loses nothing; 8 span up to 26 s, 5 up to 3 s, and each one above 12 adds
  ///     up to 30 s. What was given up is kept in `EventBus.deadLetters`, which can be redriven.
  ///   - backoff: Default: exponential from 200 ms up to 30 s, the cap of Spring Kafka's retry topics.
  ///   - parallelism: Default: 16. Handlers usually wait much more than they compute.
  ///   - timeout: Positive. Default: none.
  ///   - lease: Positive. Default: 5 minutes, Kafka's `max.poll.interval.ms`.
  ///   - overflow: Default: publishing is refused, so that nothing is lost and nothing waits unseen.
  public init(
    maxDeliveries: Int = 12,
    backoff: Backoff = .exponential(base: .milliseconds(200), cap: .seconds(30)),
    parallelism: Int = 16, timeout: Duration? = nil, lease: Duration? = .seconds(300),
    overflow: Overflow = .refuse
  ) {
    self.maxDeliveries = maxDeliveries
    self.backoff = backoff
    self.parallelism = parallelism
    self.timeout = timeout
    self.lease = lease
    self.overflow = overflow
    if let fault { preconditionFailure("a delivery's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(maxDeliveries >= 1, "maxDeliveries", maxDeliveries, "1 or more")
      ?? .unless(parallelism >= 1, "parallelism", parallelism, "1 or more")
      ?? timeout.flatMap { .unless($0 > .zero, "timeout", $0, "more than 0s") }
      ?? lease.flatMap { .unless($0 > .zero, "lease", $0, "more than 0s") }
  }

  /// Where two policies differ, in words.
  func differences(
    from requested: DeliveryPolicy
  ) -> [(field: String, present: String, requested: String)] {
    let fields: [(String, String, String)] = [
      ("maxDeliveries", "\(maxDeliveries)", "\(requested.maxDeliveries)"),
      ("backoff", "\(backoff)", "\(requested.backoff)"),
      ("parallelism", "\(parallelism)", "\(requested.parallelism)"),
      ("timeout", text(timeout), text(requested.timeout)),
      ("lease", text(lease), text(requested.lease)),
      ("overflow", "\(overflow)", "\(requested.overflow)"),
    ]
    return fields.filter { $0.1 != $0.2 }.map { (field: $0.0, present: $0.1, requested: $0.2) }
  }

  private func text(_ duration: Duration?) -> String {
    duration.map { DurationText($0).description } ?? "none"
  }
}
