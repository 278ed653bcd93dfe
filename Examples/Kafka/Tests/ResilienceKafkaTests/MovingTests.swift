import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// What a bus lives on, while consumers of two brokers come and go.
@Suite(.serialized, .timeLimit(.minutes(3)))
struct MovingTests {
  private static let events = 200
  private static let keys = 20

  @Test(.enabled(if: Library.isNewEnough, Library.missing))
  func nothingIsLostAndKeysKeepTheirOrderOnTheMockCluster() async throws {
    let cluster = try MockCluster(topic: "events", partitions: 6)
    try await comeAndGo(cluster.servers, MockCluster.settings, stays: [10, 1000])
    withExtendedLifetime(cluster) {}
  }

  @Test(.enabled(if: Library.isNewEnough && TansuServer.executable != nil, TansuServer.missing))
  func nothingIsLostAndKeysKeepTheirOrderOnTansu() async throws {
    // A group of Tansu's may hang when one leaves before it was let in: here all stay once they have come.
    try await TansuServer.with { server in
      try await comeAndGo(server.servers, TansuServer.settings, stays: [1000, 1000])
    }
  }

  private final class Handled: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { numbers.withLock { $0 } }
    var isComplete: Bool { numbers.withLock { Set($0).count } == MovingTests.events }

    func add(_ number: Int) { numbers.withLock { $0.append(number) } }
  }

  private func comeAndGo(_ servers: String, _ settings: [String: String], stays: [Int]) async throws {
    let policy = KafkaBrokerPolicy(partitions: 6)
    let told = Told()
    var brokers: [KafkaBroker] = []
    for _ in 0..<2 {
      brokers.append(
        try await KafkaBroker.open(
          servers, topic: "events", policy: policy, settings: settings, onUnreadable: { told.add($0) }))
    }
    try await brokers[0].join(BrokerGroup("g")).leave()
    let handled = Handled()
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for (index, broker) in brokers.enumerated() {
        for (place, stay) in stays.enumerated() {
          tasks.addTask {
            // While events are published: each moves partitions of those before.
            try await Task.sleep(for: .seconds(index * 2 + place))
            try await work(on: broker, stay, handled)
          }
        }
      }
      tasks.addTask { [brokers] in
        for number in 0..<Self.events {
          let event = try EncodedEvent(
            id: "\(number)", source: "/test", type: "test", subject: "key \(number % Self.keys)")
          try await brokers[number % Self.keys % 2].publish([event])
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      try await tasks.waitForAll()
    }
    for broker in brokers { await broker.close() }
    // What moves is not lost.
    #expect(told.places.isEmpty)
    #expect(Set(handled.all).count == Self.events)
    for key in 0..<Self.keys {
      var seen: Set<Int> = []
      let first = handled.all.filter { $0 % Self.keys == key && seen.insert($0).inserted }
      #expect(first == first.sorted(), "those of one key were handled as \(first)")
    }
  }

  /// Receives so often, then leaves and joins again. Gives back each fourth, with what is behind it.
  private func work(on broker: KafkaBroker, _ stay: Int, _ handled: Handled) async throws {
    while !handled.isComplete {
      let consumer = try await broker.join(BrokerGroup("g"))
      for _ in 0..<stay where !handled.isComplete {
        // What cannot be settled comes again, and so does what a consumer has lost.
        do {
          try await handle(try await receive(from: consumer), by: consumer, handled)
        } catch is KafkaError {
        } catch is BrokerSessionEnded {
          break
        }
      }
      try await consumer.leave()
    }
  }

  private func handle(_ deliveries: [BrokerDelivery], by consumer: any BrokerConsumer, _ handled: Handled)
    async throws
  {
    var settlements: [BrokerSettlement] = []
    var isGivingBack = false
    for delivery in deliveries {
      let number = Int(delivery.event.id) ?? -1
      // Each fourth once.
      if number % 4 == 3, delivery.deliveries == 0 { isGivingBack = true }
      if !isGivingBack { handled.add(number) }
      settlements.append(
        BrokerSettlement(delivery.receipt, isGivingBack ? .returned(deliveries: 1) : .handled()))
    }
    try await consumer.settle(settlements)
  }

  private func receive(from consumer: any BrokerConsumer) async throws -> [BrokerDelivery] {
    try await withThrowingTaskGroup(of: [BrokerDelivery].self) { tasks in
      tasks.addTask {
        do {
          return try await consumer.receive(limit: 5)
        } catch is CancellationError {
          return []
        }
      }
      tasks.addTask {
        try? await Task.sleep(for: .milliseconds(500))
        return []
      }
      let first = try await tasks.next() ?? []
      tasks.cancelAll()
      // One that was cancelled may have received all the same.
      return first + (try await tasks.next() ?? [])
    }
  }
}
