internal import ResilienceCore

/// Counts the work that callers have left running: what ``ResilienceCore/Handler/timeout(_:abandoning:)`` needs.
///
/// Make one for each destination and look at it: a number that grows says that the destination's client ignores
/// cancellation, and how many of its tasks and connections are stuck.
public final class AbandonedWork: Sendable {
  private struct Counts {
    var running = 0
    var total = 0
  }

  /// The name in the snapshot, usually the destination's; empty when unnamed.
  public let name: String

  private let counts = Lock(Counts())
  private let outbox: EventOutbox<TimeoutEvent>

  /// Creates a counter at zero.
  ///
  /// - Parameters:
  ///   - name: The name in the snapshot, usually the destination's; empty when unnamed.
  ///   - onEvent: Told of each ``TimeoutEvent/abandoned(call:limit:)`` and ``TimeoutEvent/abandonedEnded(call:overdue:error:)``,
  ///     in order, in the task of the caller or of the work. Default: nobody is told.
  public init(_ name: String, onEvent: (@Sendable (TimeoutEvent) -> Void)? = nil) {
    self.name = name
    outbox = EventOutbox(onEvent)
  }

  /// How many are running now, and how many were abandoned in all.
  public func snapshot() -> AbandonedWorkSnapshot {
    counts.withLock { AbandonedWorkSnapshot(name: name, running: $0.running, total: $0.total) }
  }

  func begin(_ event: TimeoutEvent) {
    counts.withLock { counts in
      counts.running += 1
      counts.total += 1
      outbox.enqueue(event)
    }
  }

  func end(_ event: TimeoutEvent) {
    counts.withLock { counts in
      counts.running -= 1
      outbox.enqueue(event)
    }
    drain()
  }

  func drain() {
    outbox.drain()
  }
}
