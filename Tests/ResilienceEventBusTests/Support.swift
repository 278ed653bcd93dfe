import ResilienceCore
import ResilienceTestKit

@testable import ResilienceEventBus

enum Topic {
  static let number = EventType<Int>("number")
  static let text = EventType<String>("text")
  static let answer = EventType<String>("answer")
}

struct Broken: Error, Hashable, CustomStringConvertible {
  var description: String { "broken" }
}

/// Fails, and says when to come again.
struct Busy: Rejection {
  let retryAt: Instant?
}

struct Later: Error, PushbackProviding {
  let pushback: Pushback
}

/// A message of type `number`.
func message(
  _ data: Int, subject: String? = nil, attempt: Int = 0, correlationID: String? = nil,
  id: String? = nil, type: EventType<Int> = Topic.number
) throws -> TypedMessage<Int> {
  var event = try Event(id: id ?? "event-\(data)", source: "tests", type: type, subject: subject, data: data)
  event.envelope.attempt = attempt
  event.envelope.correlationID = correlationID
  return TypedMessage(event)
}

extension LaneQueue.Ticket {
  var number: Int { (message as? TypedMessage<Int>)?.data ?? -1 }
}

extension EventBus {
  /// Runs the bus beside `body`, then shuts it down.
  func running<Result>(
    _ body: nonisolated(nonsending) () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await self.runUntilCancelled() }
      let result = try await body()
      tasks.cancelAll()
      try await tasks.waitForAll()
      return result
    }
  }

  func runUntilCancelled() async throws {
    do { try await run() } catch is CancellationError {}
  }

  func group(_ name: String) -> EventBusSnapshot.Group? {
    snapshot().groups.first { $0.name == name }
  }

  /// `body` handles the events of a group.
  @discardableResult
  func handle<Payload>(
    _ type: EventType<Payload>, in group: String, _ policy: DeliveryPolicy = DeliveryPolicy(),
    _ body: nonisolated(nonsending) @escaping @Sendable (Event<Payload>) async throws -> Void
  ) throws -> Subscription {
    try subscribe(to: type, group: group, policy: policy, handler: EventHandler(group, body))
  }
}

extension DeliveryPolicy {
  /// Redelivers after one second, exactly.
  static func every(_ delay: Duration, maxDeliveries: Int = 5, parallelism: Int = 16) -> DeliveryPolicy {
    DeliveryPolicy(
      maxDeliveries: maxDeliveries, backoff: .constant(delay, jitter: .none), parallelism: parallelism)
  }
}

/// Counts, and remembers the most.
final class Gauge: Sendable {
  private let state = Lock((now: 0, most: 0))
  var most: Int { state.withLock { $0.most } }
  var now: Int { state.withLock { $0.now } }

  func enter() {
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
    }
  }

  func leave() { state.withLock { $0.now -= 1 } }
}

/// A value that tasks may change.
final class Box<Value: Sendable>: Sendable {
  private let state: Lock<Value>
  init(_ value: Value) { state = Lock(value) }
  var value: Value { state.withLock { $0 } }
  func change<Result: Sendable>(_ body: (inout Value) -> Result) -> Result { state.withLock { body(&$0) } }
}

extension Simulation {
  /// What a handler does that ignores its cancellation.
  func sleepThroughCancellation(until instant: Instant) async {
    let clock = CallContext.current.clock
    await withCheckedContinuation { continuation in
      _ = clock.schedule(at: instant) { continuation.resume() }
    }
  }
}

extension LaneQueue {
  mutating func taken() throws -> Ticket {
    guard let ticket = take() else { throw Broken() }
    return ticket
  }
}
