/// Counts the work that callers have left running, and bounds it: what the `abandoning:` forms of `.timeout`
/// and `.hedge` need.
///
/// Make one for each destination and look at it: a number that grows says that the destination's client
/// ignores cancellation, and how many of its tasks and connections are stuck.
public final class AbandonedWork: Sendable {
  private struct Counts {
    var running = 0
    var total = 0
    var refused = 0
  }

  /// How long cancelled work may take to end before its caller leaves it: 10 ms, a few of a scheduler's time
  /// slices.
  @usableFromInline package static let patienceNanoseconds: Int64 = 10_000_000

  /// The name in the snapshot, usually the destination's; empty when unnamed.
  public let name: String

  /// The most work that may be left running at one time.
  public let limit: Int

  private let counts = Lock(Counts())
  private let eventQueue: EventQueue<AbandonedWorkEvent>

  /// Creates a counter at zero.
  ///
  /// - Parameters:
  ///   - name: The name in the snapshot, usually the destination's; empty when unnamed.
  ///   - limit: The most work that may be left running at one time, 0 or more. While as much is, nobody
  ///     leaves: a caller waits for its work as it would without `abandoning:`. Default: 1 000, since a Linux
  ///     process may have 1 024 open files by default, and what hangs most often holds a connection.
  ///   - onEvent: Told of each event in order, in the task of the caller or of the work. Default: nobody is
  ///     told.
  public init(_ name: String, limit: Int = 1_000, onEvent: (@Sendable (AbandonedWorkEvent) -> Void)? = nil) {
    precondition(limit >= 0, "the most work that may be left running must be 0 or more, was \(limit)")
    self.name = name
    self.limit = limit
    eventQueue = EventQueue(onEvent)
  }

  /// How many are running now, and how many were abandoned in all.
  public func snapshot() -> AbandonedWorkSnapshot {
    counts.withLock {
      AbandonedWorkSnapshot(name: name, running: $0.running, total: $0.total, refused: $0.refused)
    }
  }

  /// Counts one more, unless ``limit`` are running.
  ///
  /// - Returns: What is to be told: ``AbandonedWorkEvent/left(call:after:)``, or
  ///   ``AbandonedWorkEvent/refused(call:running:)`` when the caller has to wait.
  func leave(_ call: String, after elapsed: Duration) -> AbandonedWorkEvent {
    counts.withLock { counts in
      let event: AbandonedWorkEvent
      if counts.running < limit {
        counts.running += 1
        counts.total += 1
        event = .left(call: call, after: elapsed)
      } else {
        counts.refused += 1
        event = .refused(call: call, running: counts.running)
      }
      eventQueue.enqueue(event)
      return event
    }
  }

  func end(_ event: AbandonedWorkEvent) {
    counts.withLock { counts in
      counts.running -= 1
      eventQueue.enqueue(event)
    }
    drain()
  }

  func drain() {
    eventQueue.drain()
  }
}
