import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// A bus on the broker, as the page has it. It runs, polls and waits on the real clock, which is the only one
/// that librdkafka's threads know; the suite's time limit ends what does not come.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Library.isNewEnough, Library.missing))
struct BusTests {
  private struct Numbered: Codable, Sendable {
    let number: Int
  }

  private struct Broken: Error {}

  private static let type = EventType<Numbered>("numbered")

  private final class Numbers: Sendable {
    private let list = Mutex<[Int]>([])

    var all: [Int] { list.withLock { $0 } }
    func add(_ number: Int) { list.withLock { $0.append(number) } }
  }

  /// Each tenth fails once, each fiftieth always.
  private static func handle(_ event: Event<Numbered>, _ failed: Numbers, _ handled: Numbers) throws {
    let number = event.data.number
    if number % 50 == 7 { throw Broken() }
    if number % 10 == 3, !failed.all.contains(number) {
      failed.add(number)
      throw Broken()
    }
    handled.add(number)
  }

  @Test func nothingThatWasAcknowledgedIsLostWhileKafkaIsAwayNowAndThen() async throws {
    let cluster = try MockCluster(topic: "events")
    let policy = KafkaBrokerPolicy(partitions: 4, session: .seconds(20), timeout: .seconds(2))
    let told = Told()
    let broker = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: policy, settings: MockCluster.settings,
      onUnreadable: { told.add($0) })
    let (acknowledged, failed, handled) = (Numbers(), Numbers(), Numbers())
    let bus = EventBus(source: "test", broker: broker)
    let delivery = DeliveryPolicy(maxDeliveries: 3, backoff: .constant(.milliseconds(10)))
    try bus.subscribe(to: Self.type, group: "g", policy: delivery) { event in
      try Self.handle(event, failed, handled)
    }
    try await withThrowingTaskGroup { tasks in
      // It runs until it is cancelled, as below.
      tasks.addTask { try await bus.run() }
      tasks.addTask {
        for number in 0... {
          try Task.checkCancellation()
          // Not so far ahead that the end takes long.
          while acknowledged.all.count > handled.all.count + 200 {
            try await Task.sleep(for: .milliseconds(10))
          }
          do {
            try await bus.publish(Numbered(number: number), as: Self.type, subject: "\(number % 5)")
            acknowledged.add(number)
          } catch is CancellationError {
            return
          } catch {
            // Kafka is away, on the real clock.
            try await Task.sleep(for: .milliseconds(20))
          }
        }
      }
      for outage in 1...4 {
        let before = handled.all.count
        while handled.all.count < before + 100 { try await Task.sleep(for: .milliseconds(10)) }
        guard outage < 4 else { break }
        cluster.setUp(false)
        // An outage lasts a while: publishers and consumers are to meet it.
        try await Task.sleep(for: .seconds(1))
        cluster.setUp(true)
      }
      let all = acknowledged.all
      let wanted = Set(all.filter { $0 % 50 != 7 })
      while !wanted.isSubset(of: handled.all) { try await Task.sleep(for: .milliseconds(20)) }
      let dead = Set(all.filter { $0 % 50 == 7 })
      while true {
        let letters = try await broker.deadLetters(limit: 1000)
        let numbers = letters.compactMap { letter in
          letter.event.data.flatMap { try? JSONDecoder().decode(Numbered.self, from: Data($0)).number }
        }
        if dead.isSubset(of: numbers) { break }
        try await Task.sleep(for: .milliseconds(50))
      }
      tasks.cancelAll()
    }
    #expect(acknowledged.all.count >= 300)
    // An outage is no loss.
    #expect(told.places.isEmpty)
    await broker.close()
    withExtendedLifetime(cluster) {}
  }
}
