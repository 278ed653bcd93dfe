import Resilience
import ResilienceKafka

// What the broker costs, against a Kafka that runs: kafka-costs HOST:PORT [EVENTS]

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
  print("usage: kafka-costs HOST:PORT [EVENTS]")
  throw CancellationError()
}
let count = arguments.count > 2 ? Int(arguments[2]) ?? 20_000 : 20_000
let broker = try await KafkaBroker.open(arguments[1], topic: "costs-\(UInt32.random(in: 0...UInt32.max))")
let consumer = try await broker.join(BrokerGroup("costs"))

func event(_ number: Int) throws -> EncodedEvent {
  try EncodedEvent(
    id: "\(number)", source: "/costs", type: "cost", subject: "key \(number % 100)",
    data: Array(repeating: UInt8(ascii: "x"), count: 100))
}

func receive(_ count: Int, atOnce: Int) async throws {
  var left = count
  while left > 0 {
    let deliveries = try await consumer.receive(limit: min(left, atOnce))
    try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
    left -= deliveries.count
  }
}

func rate(_ count: Int, _ body: () async throws -> Void) async rethrows -> Int {
  let time = try await ContinuousClock().measure { try await body() }
  return Int(Double(count) / (time / .seconds(1)))
}

/// The first one waits until Kafka has shared the partitions out.
try await broker.publish([try event(0)])
try await receive(1, atOnce: 1)

let published = try await rate(count) {
  for begin in stride(from: 0, to: count, by: 100) {
    try await broker.publish(try (begin..<min(begin + 100, count)).map { try event($0) })
  }
}
print("published, 100 at once:", published, "events/s")
print(
  "received and settled, 256 at once:", try await rate(count) { try await receive(count, atOnce: 256) },
  "events/s")

var (whole, afterPublishing, afterReceiving): ([Duration], [Duration], [Duration]) = ([], [], [])
for number in 0..<500 {
  let single = try event(number)
  let start = ContinuousClock.now
  try await broker.publish([single])
  afterPublishing.append(ContinuousClock.now - start)
  let deliveries = try await consumer.receive(limit: 1)
  afterReceiving.append(ContinuousClock.now - start)
  try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
  whole.append(ContinuousClock.now - start)
}
for (name, times) in [
  ("one event published", afterPublishing), ("and received", afterReceiving), ("and settled", whole),
] {
  print("\(name): p50 \(times.sorted()[250]), p99 \(times.sorted()[495])")
}
await broker.close()
