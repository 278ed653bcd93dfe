import Foundation
import Resilience
import ResilienceRedis
import Synchronization

/// Publishes and handles as many events as it can, and then one at a time.
struct BrokerLoad {
  private let options: Options
  private let clock = SystemClock()

  init(_ options: Options) {
    self.options = options
  }

  func run() async throws {
    let server = try await LocalRedis(isDurable: options.isDurable)
    defer { server.remove() }
    let redis = RedisClient(port: server.port, timeLimit: .seconds(10))
    try await clock.sleep(for: .milliseconds(500))
    print(
      options.isDurable ? "appendfsync always" : "no persistence", "- events of 200 bytes, in",
      options.seconds, "s each")
    for (publishers, batch) in [(1, 1), (16, 1), (4, 100)] {
      try await throughput(redis, publishers: publishers, batch: batch)
    }
    try await latency(redis)
    redis.close()
  }

  private func events(_ count: Int, from first: Int) throws -> [EncodedEvent] {
    try (0..<count).map { index in
      try EncodedEvent(
        id: "\(first + index)", source: "/load", type: "load.made", subject: "key \((first + index) % 100)",
        data: [UInt8](repeating: 120, count: 200))
    }
  }

  /// Publishers and one consumer at the same time, with a connection each.
  private func throughput(_ redis: RedisClient, publishers: Int, batch: Int) async throws {
    let broker = RedisStreamsBroker(redis, prefix: "load-\(publishers)-\(batch)")
    let consumer = try await broker.join(BrokerGroup("load"))
    let begin = clock.now
    let end = begin.advanced(by: options.length)
    let (clock, port) = (clock, redis.port)
    let published = try await withThrowingTaskGroup(of: Int.self) { tasks in
      for publisher in 0..<publishers {
        tasks.addTask {
          let client = RedisClient(port: port, timeLimit: .seconds(10))
          defer { client.close() }
          let broker = RedisStreamsBroker(client, prefix: broker.prefix)
          var count = 0
          while clock.now < end {
            try await broker.publish(try events(batch, from: publisher * 1_000_000 + count))
            count += batch
          }
          return count
        }
      }
      return try await tasks.reduce(0, +) + 0
    }
    let seconds = Double(begin.nanoseconds(to: clock.now)) / 1e9
    let handlingBegin = clock.now
    var handled = 0
    while handled < published {
      let deliveries = try await consumer.receive(limit: 500)
      try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      handled += deliveries.count
    }
    let handling = Double(handlingBegin.nanoseconds(to: clock.now)) / 1e9
    print(
      "\(publishers) publishers of \(batch) at once: \(Int(Double(published) / seconds)) a second published, then",
      "\(Int(Double(handled) / handling)) a second handled by one consumer")
  }

  /// From before it is published until it is with the consumer, which waits; with 100 a second.
  private func latency(_ redis: RedisClient) async throws {
    let broker = RedisStreamsBroker(redis, prefix: "load-latency")
    let consumer = try await broker.join(BrokerGroup("load"))
    let count = Int(options.seconds * 100)
    let sent = Sent()
    let clock = clock
    var delays: [Int64] = []
    try await withThrowingTaskGroup { tasks in
      tasks.addTask {
        for number in 0..<count {
          let event = try events(1, from: number)
          sent.times.withLock { $0.append(clock.now) }
          try await broker.publish(event)
          try await clock.sleep(for: .milliseconds(10))
        }
      }
      while delays.count < count {
        let deliveries = try await consumer.receive(limit: 10)
        let now = clock.now
        for delivery in deliveries {
          let begin = sent.times.withLock { $0[Int(delivery.event.id) ?? 0] }
          delays.append(begin.nanoseconds(to: now) / 1000)
        }
        try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      }
      try await tasks.waitForAll()
    }
    delays.sort()
    print(
      "one event, from before it is published until a consumer has it: p50 \(delays[count / 2]) µs,",
      "p99 \(delays[count * 99 / 100]) µs")
  }

  private final class Sent: Sendable {
    let times = Mutex<[Instant]>([])
  }
}
