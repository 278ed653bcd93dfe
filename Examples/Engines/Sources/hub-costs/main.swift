import AsyncHTTPClient
import Foundation
import Resilience
import ResilienceHub
import Synchronization

// What a hub costs: `hub-costs http://127.0.0.1:8090/hub`, where a `resilience-hub` runs. Prints events per second and the
// time from a publication to its handler.

guard let endpoint = CommandLine.arguments.dropFirst().first else { fatalError("usage: hub-costs ENDPOINT") }

struct Order: Codable, Sendable {
  let number: Int
  let customer: String
  let sentNanoseconds: Int64
}

let type = EventType<Order>("costs.\(UUID().uuidString)")
let clock = ContinuousClock()
let begin = clock.now

@Sendable func elapsedNanoseconds() -> Int64 {
  let (seconds, attoseconds) = (clock.now - begin).components
  return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
}

@Sendable func order(_ number: Int) -> Order {
  Order(number: number, customer: "customer \(number % 100)", sentNanoseconds: elapsedNanoseconds())
}

final class Times: Sendable {
  private let list = Mutex<[Int64]>([])

  var count: Int { list.withLock { $0.count } }
  func add(_ time: Int64) { list.withLock { $0.append(time) } }
  func take() -> [Int64] {
    list.withLock { list in
      defer { list = [] }
      return list.sorted()
    }
  }

  func wait(for count: Int) async throws {
    while self.count < count { try await Task.sleep(for: .milliseconds(1)) }
  }
}

func report(_ what: String, _ count: Int, since start: ContinuousClock.Instant) {
  let seconds =
    Double((clock.now - start).components.seconds)
    + Double((clock.now - start).components.attoseconds) / 1e18
  print("\(what): \(Int(Double(count) / seconds)) events/s")
}

let broker = RemoteBroker(at: endpoint)
let bus = EventBus(source: "costs", broker: broker)
let times = Times()
try bus.subscribe(
  to: type, group: "costs",
  handler: EventHandler("note") { (event: Event<Order>) in
    times.add(elapsedNanoseconds() - event.data.sentNanoseconds)
  })

try await withThrowingTaskGroup(of: Void.self) { tasks in
  // It runs until it is cancelled, as below.
  tasks.addTask { try await bus.run() }
  for number in 0..<200 { try await bus.publish(order(number), as: type, subject: "\(number % 100)") }
  try await times.wait(for: 200)
  _ = times.take()

  // One after the other: what one event takes.
  for number in 0..<2000 {
    try await bus.publish(order(number), as: type, subject: "\(number % 100)")
    try await times.wait(for: number + 1)
  }
  let alone = times.take()
  print(
    "one event at a time, from its publication to its handler:",
    "p50 \(alone[1000] / 1000) µs, p99 \(alone[1980] / 1000) µs")

  for publishers in [1, 6] {
    let (count, start) = (6000, clock.now)
    try await withThrowingTaskGroup(of: Void.self) { publishing in
      for publisher in 0..<publishers {
        publishing.addTask {
          for number in 0..<count / publishers {
            try await bus.publish(order(number), as: type, subject: "\(publisher) \(number % 100)")
          }
        }
      }
      try await publishing.waitForAll()
    }
    report("\(publishers) publishers, an event a request, published", count, since: start)
    try await times.wait(for: count)
    report("\(publishers) publishers, an event a request, published and handled", count, since: start)
    let all = times.take()
    print(
      "  from publication to handler: p50 \(all[count / 2] / 1000) µs, p99 \(all[count * 99 / 100] / 1000) µs"
    )
  }

  let (count, start) = (50_000, clock.now)
  for first in stride(from: 0, to: count, by: 100) {
    try await broker.publish(
      try (first..<first + 100).map { number in
        try Event(source: "costs", type: type, subject: "\(number % 100)", data: order(number)).encoded()
      })
  }
  report("100 events a request, published", count, since: start)
  try await times.wait(for: count)
  report("100 events a request, published and handled", count, since: start)
  tasks.cancelAll()
}
try await broker.removeGroup("costs/\(type.name)")
