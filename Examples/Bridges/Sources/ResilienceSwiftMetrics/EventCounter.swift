public import CoreMetrics
public import ResilienceCore
internal import Synchronization

/// Counts the toolkit's events, as `resilience_events_total` by `event`.
///
/// ```swift
/// let counter = EventCounter()
/// try await counter.observing { try await server.run() }
/// ```
///
/// Snapshots count the same things, by object: see ``SnapshotReporter``. This needs no list of objects, and
/// counts what layers of one's own emit.
public final class EventCounter: Sendable {
  private let factory: any MetricsFactory
  private let counters = Mutex<[String: Counter]>([:])

  /// Creates a counter.
  ///
  /// - Parameter factory: Makes the instruments. Default: the one that `MetricsSystem` was bootstrapped with,
  ///   when this is called.
  public init(factory: any MetricsFactory = MetricsSystem.factory) {
    self.factory = factory
  }

  /// Counts an event that is told outside a call, as the closures `onEvent` are.
  public func callAsFunction(_ event: any ResilienceEvent) {
    counter(of: event.name).increment()
  }

  /// Runs `body` with every decision of the calls below counted. An observer that is bound already goes on
  /// hearing.
  ///
  /// - Throws: What `body` throws.
  public func observing<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: nonisolated(nonsending) () async throws -> Result
  ) async rethrows -> Result {
    try await CallContext.withAddedObserver(self, isolation: isolation, body)
  }

  private func counter(of name: String) -> Counter {
    if let counter = counters.withLock({ $0[name] }) { return counter }
    // Made outside the lock: the factory is somebody else's code. Of two the first is kept.
    let made = Counter(label: "resilience_events_total", dimensions: [("event", name)], factory: factory)
    return counters.withLock { counters in
      if let first = counters[name] { return first }
      counters[name] = made
      return made
    }
  }
}

extension EventCounter: CallObserver {
  /// Counts a decision.
  public func record(_ event: any ResilienceEvent, in context: CallContext) {
    self(event)
  }
}
