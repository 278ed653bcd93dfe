import Resilience
import Synchronization

let benchmarkTopic = EventType<Int>("benchmark")

/// A bus that delivers to one subscriber for as long as it lives.
final class RunningBus: Sendable {
  let bus = EventBus(source: "benchmark", policy: EventBusPolicy(queueCapacity: 10_000_000))
  private let sum = Box(Atomic<Int>(0))
  private let task: Task<Void, any Error>

  init(parallelism: Int) async throws {
    let (bus, sum) = (bus, sum)
    try bus.subscribe(
      to: benchmarkTopic, group: "subscriber", policy: DeliveryPolicy(parallelism: parallelism),
      handler: EventHandler("subscriber") { (event: Event<Int>) in
        sum.value.wrappingAdd(event.data, ordering: .relaxed)
      })
    task = Task.detached { try await bus.run() }
    try await publish(0..<1) { _ in nil }
  }

  deinit {
    task.cancel()
  }

  /// Publishes, and waits until all of it is handled.
  func publish(_ numbers: Range<Int>, subject: (Int) -> String?) async throws {
    for number in numbers { try await bus.publish(number, as: benchmarkTopic, subject: subject(number)) }
    try await bus.waitUntilIdle()
  }

  var total: Int { sum.value.load(ordering: .relaxed) }
}

/// Events in batches, each of which is handled before the next is published, with so many subjects; 0 for
/// none.
func busRow(_ name: String, keys: Int, batch: Int) -> Row {
  .async(name) {
    let running = try await RunningBus(parallelism: 1)
    let keys = (0..<keys).map { "customer-\($0)" }
    return { count in
      for begin in stride(from: 0, to: count, by: batch) {
        try await running.publish(begin..<min(begin + batch, count)) { number in
          keys.isEmpty ? nil : keys[number % keys.count]
        }
      }
      return running.total
    }
  }
  .counted(over: max(1000, batch))
  // How often the two sides meet is up to the machine: the fewer there are at a time, the more it varies.
  .tolerating(0.09).gated(batch >= 1000)
}

func busRows() -> [Row] {
  let reason =
    "the target is a queue's; an event has an envelope, a context bound for its handler, and an acknowledgement"
  return [
    busRow("bus: 1 to 1, each event acknowledged before the next", keys: 0, batch: 1)
      .from(.off, .main)
      .floor("floor: a task that wakes another, and is woken by it")
      .beat(
        "bus, 1 → 1, each event acknowledged before the next",
        "tokio mpsc + oneshot 196 ns; Go channel 435; Watermill 3 006; AsyncChannel 4 372"),
    busRow("bus: one way, buffered", keys: 0, batch: 1000)
      .floor("floor: queue swapped on dequeue")
      .target("bus msg (swap dequeue)", instructions: 75, allocations: 0.02)
      .because(reason)
      .beat(
        "bus, one way, buffered", "Java ArrayBlockingQueue 28–31 ns; Go 53; tokio 170; AsyncStream 1 535"),
    busRow("bus: one way, 16 keys", keys: 16, batch: 1000)
      .floor("floor: queue swapped on dequeue")
      .target("per-key lanes", instructions: 150, allocations: 0.02)
      .because(reason),
  ]
}
