import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceRedis

extension RedisTests {
  @Suite(.timeLimit(.minutes(5))) struct RedisStreamsBrokerTests {
    // Some cases wait for the end of a session, and others must not be too slow for it.
    static let policy = BrokerPolicy(session: .seconds(4))

    func withBroker(
      _ policy: BrokerPolicy = policy, capacity: Int = 1_000_000,
      _ body: (RedisStreamsBroker, RedisServer, RedisClient) async throws -> Void
    ) async throws {
      try await RedisServer.with { (server) async throws in
        let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { redis.close() }
        try await body(
          RedisStreamsBroker(redis, prefix: "b", capacity: capacity, policy: policy), server, redis)
      }
    }

    // MARK: - The contract

    @Test func keepsThePromisesOfABroker() async throws {
      #expect(EventBrokerContract.cases.count >= 40)
      try await withBroker { broker, _, _ in
        try await withThrowingTaskGroup { tasks in
          // All at once: each has groups and types of its own, and the others are users that it must not
          // mind.
          for promise in EventBrokerContract.cases {
            tasks.addTask {
              do {
                try await promise.run(broker)
              } catch {
                Issue.record("\(promise): \(error)")
              }
            }
          }
          try await tasks.waitForAll()
        }
      }
    }

    /// Each crash ends both: the process, whose consumers do nothing any more, and Redis.
    @Test func keepsThemWhenRedisAndTheProcessAreKilled() async throws {
      let crashes = Shared(0)
      let promises = EventBrokerContract.cases.filter {
        $0.name.contains("ACrash") || $0.name == "whatEndsTheProcessIsCounted"
      }
      #expect(promises.count == 5)
      try await withThrowingTaskGroup { tasks in
        for promise in promises {
          tasks.addTask {
            try await RedisServer.with(isDurable: true) { (server) async throws in
              do {
                try await promise.run(Self.broker(on: server)) {
                  crashes.value.withLock { $0 += 1 }
                  server.kill()
                  try await server.start()
                  return Self.broker(on: server)
                }
              } catch {
                Issue.record("\(promise): \(error)")
              }
            }
          }
        }
        try await tasks.waitForAll()
      }
      #expect(crashes.value.withLock { $0 } >= 10)
    }

    private static func broker(on server: RedisServer) -> RedisStreamsBroker {
      RedisStreamsBroker(RedisClient(port: server.port, timeLimit: .seconds(20)), policy: policy)
    }

    // MARK: - Faults

    @Test func nothingAcknowledgedIsLostWhenRedisIsKilled() async throws {
      try await RedisServer.with(isDurable: true) { (server) async throws in
        let redis = RedisClient(port: server.port, timeLimit: .seconds(5))
        defer { redis.close() }
        let broker = RedisStreamsBroker(redis, policy: Self.policy)
        try await broker.join(BrokerGroup("g")).leave()
        let known = Known()
        try await withThrowingTaskGroup { tasks in
          for publisher in 0..<4 {
            tasks.addTask {
              for number in 0..<400 {
                let event = try event(publisher * 1000 + number, of: "key \(publisher)")
                if (try? await broker.publish([event])) != nil { known.published(publisher * 1000 + number) }
                if known.isOver { return }
              }
            }
          }
          tasks.addTask {
            while !known.isOver {
              guard let consumer = try? await broker.join(BrokerGroup("g")) else { continue }
              while !known.isOver {
                // What it holds when Redis is killed it holds still when it is back.
                guard let deliveries = try? await consumer.receive(limit: 5) else { continue }
                for delivery in deliveries {
                  let settlement = BrokerSettlement(delivery.receipt, .handled())
                  // Without an answer it may be settled.
                  let stale = try? await consumer.settle([settlement])
                  known.settled(number(delivery), isCertain: stale == [])
                }
              }
              try await consumer.leave()
            }
          }
          tasks.addTask {
            for _ in 0..<3 {
              try await Task.sleep(for: .milliseconds(200))
              server.kill()
              try await server.start()
            }
            known.end()
            // For the one that waits.
            try await broker.publish([try event(9999, of: "key")])
          }
          try await tasks.waitForAll()
        }
        let (published, handled, perhaps) = known.all
        #expect(perhaps.count < 30)
        #expect(published.count > 20 && handled.count > 5, "\(published.count) and \(handled.count)")
        let consumer = try await broker.join(BrokerGroup("g"))
        var rest: [Int] = []
        while !rest.contains(9999) || !published.isSubset(of: handled.union(perhaps).union(rest)) {
          let deliveries = try await received(consumer, within: .seconds(20))
          if deliveries.isEmpty { break }
          rest += deliveries.map(number)
          try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
        }
        #expect(
          published.subtracting(handled.union(perhaps).union(rest)).isEmpty, "what was acknowledged is lost")
        #expect(handled.intersection(rest).isEmpty, "what was settled came again")
      }
    }

    @Test func whatALostAnswerHandedOutComesAgain() async throws {
      try await withBroker { broker, server, _ in
        let impatient = RedisClient(port: server.port, timeLimit: .milliseconds(100))
        defer { impatient.close() }
        let patient = try #require(try await broker.join(BrokerGroup("g")) as? StreamsConsumer)
        let consumer = StreamsConsumer(
          RedisStreamsBroker(impatient, prefix: "b"), group: "g", number: patient.number,
          member: patient.member
        )
        // So that Redis knows the script: it is to do what nobody waits for any more.
        try await broker.publish([try event(0)])
        try await patient.settle(
          try await patient.receive(limit: 10).map { BrokerSettlement($0.receipt, .handled()) })
        try await broker.publish([try event(1, of: "key"), try event(2, of: "key")])
        for _ in 0..<3 {
          try await untilItAnswers(impatient)
          server.pause()
          await #expect(throws: RedisError.self) { try await consumer.receive(limit: 10) }
          server.goOn()
        }
        try await untilItAnswers(impatient)
        var deliveries: [BrokerDelivery] = []
        for _ in 0..<20 where deliveries.isEmpty {
          deliveries = (try? await received(consumer, within: .seconds(1))) ?? []
        }
        #expect(deliveries.map(number) == [1, 2])
        #expect(deliveries.map(\.deliveries) == [0, 0])
        #expect(try await patient.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) }) == [])
      }
    }

    @Test func aRedisThatStopsNowAndThenLosesNothingAndKeepsTheOrder() async throws {
      try await withBroker { broker, server, _ in
        try await broker.join(BrokerGroup("g")).leave()
        let handled = Shared<[Int]>([])
        let isOver = Shared(false)
        try await withThrowingTaskGroup { tasks in
          for _ in 0..<3 {
            tasks.addTask {
              // So short that answers are lost.
              let client = RedisClient(port: server.port, timeLimit: .milliseconds(60))
              defer { client.close() }
              let hasty = RedisStreamsBroker(client, prefix: "b", policy: Self.policy)
              var consumer: (any BrokerConsumer)?
              while !isOver.value.withLock({ $0 }) {
                if consumer == nil { consumer = try? await hasty.join(BrokerGroup("g")) }
                guard let consumer, let deliveries = try? await received(consumer, within: .seconds(1)) else {
                  continue
                }
                handled.value.withLock { $0 += deliveries.map(number) }
                let settlements = deliveries.map { BrokerSettlement($0.receipt, .handled()) }
                while !isOver.value.withLock({ $0 }) {
                  if (try? await consumer.settle(settlements)) != nil { break }
                }
              }
            }
          }
          for number in 0..<300 {
            try await broker.publish([try event(number, of: "key \(number % 6)")])
            if number % 30 == 0 {
              server.pause()
              try await Task.sleep(for: .milliseconds(90))
              server.goOn()
            }
          }
          let end = ContinuousClock.now + .seconds(60)
          while Set(handled.value.withLock { $0 }).count < 300, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
          }
          isOver.value.withLock { $0 = true }
          try await tasks.waitForAll()
        }
        let all = handled.value.withLock { $0 }
        #expect(Set(all) == Set(0..<300))
        for key in 0..<6 {
          var seen: Set<Int> = []
          let first = all.filter { $0 % 6 == key && seen.insert($0).inserted }
          #expect(first == first.sorted(), "\(first)")
        }
      }
    }

    @Test func whoeverWaitsIsToldAtOnce() async throws {
      try await withBroker { broker, server, redis in
        let elsewhere = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { elsewhere.close() }
        // Whoever is not told looks for itself so late that it is seen.
        let hearing = RedisStreamsBroker(elsewhere, prefix: "b", longestWait: .seconds(60))
        let consumer = try await hearing.join(BrokerGroup("g"))
        for number in 0..<5 {
          async let waiting = received(consumer, within: .seconds(20))
          // Also after the connection of the messages was lost.
          if number == 2 { _ = try await redis.reply(to: RESPCommand("CLIENT", ["KILL", "TYPE", "pubsub"])) }
          var isHeard = false
          for _ in 0..<1000 where !isHeard {
            try await Task.sleep(for: .milliseconds(10))
            let subscribers = try await redis.reply(to: RESPCommand("PUBSUB", ["NUMSUB", "b:wake"]))
            isHeard = try subscribers.items("the subscribers", atLeast: 2)[1].integer("how many") == 1
            isHeard = isHeard && hearing.wakeups.isSubscribed
          }
          #expect(isHeard)
          try await Task.sleep(for: .milliseconds(100))
          let begin = ContinuousClock.now
          try await broker.publish([try event(number)])
          let deliveries = try await waiting
          #expect(ContinuousClock.now - begin < .seconds(5))
          #expect(deliveries.map(self.number) == [number])
          try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
        }
      }
    }

    @Test func aRedisThatIsBackEmptyBeginsAnew() async throws {
      try await withBroker { broker, server, _ in
        let consumer = try await broker.join(BrokerGroup("g"))
        try await broker.publish([try event(1, of: "key")])
        let held = try await received(consumer, within: .seconds(20))
        server.kill()
        try await server.start()
        while (try? await broker.removeGroup("nobody")) == nil {}
        let again = try await broker.join(BrokerGroup("g"))
        let other = try await broker.join(BrokerGroup("g"))
        try await broker.publish([try event(2, of: "key")])
        // The new group has other numbers: nobody of before is taken for one of its consumers.
        await #expect(throws: BrokerSessionEnded.self) { try await consumer.heartbeat() }
        await #expect(throws: BrokerSessionEnded.self) { try await consumer.receive(limit: 1) }
        #expect(try await consumer.settle(held.map { BrokerSettlement($0.receipt, .handled()) }).count == 1)
        try await other.leave()
        #expect(try await received(again, within: .seconds(20)).map(number) == [2])
      }
    }

    @Test(arguments: [
      "+OK\r\n", ":7\r\n", "$2\r\nab\r\n", "*0\r\n", "*2\r\n:1\r\n:2\r\n", "$-1\r\n",
      "*3\r\n$6\r\nevents\r\n:0\r\n:5\r\n", "*3\r\n$6\r\njoined\r\n*0\r\n$-1\r\n",
      "*1\r\n*5\r\n$1\r\n1\r\n$1\r\ng\r\n$2\r\n{}\r\n$2\r\n[]\r\n$0\r\n\r\n", "*1\r\n:99\r\n",
      "*3\r\n$6\r\nevents\r\n:0\r\n*5\r\n:-1\r\n:1\r\n:0\r\n$1\r\nx\r\n$0\r\n\r\n",
    ])
    func anAnswerThatIsNoneIsAnError(reply: String) async throws {
      let served = try await FakeServer.with({ _ in Array(reply.utf8) }) { server in
        let redis = RedisClient(port: server.port, timeLimit: .seconds(20))
        defer { redis.close() }
        let broker = RedisStreamsBroker(redis, policy: Self.policy)
        let consumer = StreamsConsumer(broker, group: "g", number: "1", member: "2")
        let letter = try event(1)
        // Some answers are right for some questions; none is a trap.
        await rightOrRedisError { try await broker.publish([letter]) }
        await rightOrRedisError { _ = try await broker.join(BrokerGroup("g")) }
        await rightOrRedisError { try await broker.removeGroup("g") }
        await rightOrRedisError { try await broker.removeDeadLetter("1") }
        await rightOrRedisError { try await consumer.heartbeat() }
        await #expect(throws: RedisError.self) { try await consumer.receive(limit: 1) }
        if reply != "*0\r\n" {
          await #expect(throws: RedisError.self) { try await broker.deadLetters(limit: 10) }
          await #expect(throws: RedisError.self) { try await broker.redrive("1", as: letter) }
          await #expect(throws: RedisError.self) {
            try await consumer.settle([BrokerSettlement(BrokerReceipt(scope: 1, position: 1), .handled())])
          }
        }
        return true
      }
      #expect(served)
    }

    func untilItAnswers(_ redis: RedisClient) async throws {
      while (try? await redis.reply(to: RESPCommand("PING"))) == nil {
        try await Task.sleep(for: .milliseconds(20))
      }
    }

    private func rightOrRedisError(_ body: () async throws -> Void) async {
      do {
        try await body()
      } catch is RedisError {
      } catch is BrokerFull {
      } catch is BrokerSessionEnded {
      } catch {
        Issue.record("it is \(type(of: error)): \(error)")
      }
    }

    // MARK: - Room

    @Test func whatAllHaveSettledIsRemoved() async throws {
      try await withBroker { broker, _, redis in
        let consumers = [try await broker.join(BrokerGroup("g")), try await broker.join(BrokerGroup("h"))]
        for begin in stride(from: 0, to: 1000, by: 100) {
          try await broker.publish(try (begin..<begin + 100).map { try event($0, of: "key \($0 % 7)") })
          for consumer in consumers {
            var count = 0
            while count < 100 {
              let deliveries = try await received(consumer, within: .seconds(20))
              try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
              count += deliveries.count
            }
          }
        }
        let length = try await redis.reply(to: RESPCommand("XLEN", ["b:log"])).integer("the length")
        #expect(length < 300)
        for consumer in consumers { try await consumer.leave() }
        for group in ["g", "h"] { #expect(try await broker.removeGroup(group)) }
        let keys = try await redis.reply(to: RESPCommand("KEYS", ["b:*"])).items("the keys")
        #expect(
          try Set(keys.map { try $0.text("a key") }).isSubset(of: ["b:log", "b:seq", "b:settled"]), "\(keys)")
      }
    }

    @Test func aFullBrokerRefuses() async throws {
      try await withBroker(capacity: 10) { broker, _, _ in
        let consumer = try await broker.join(BrokerGroup("g"))
        try await broker.publish(try (0..<10).map { try event($0) })
        await #expect(throws: BrokerFull.self) { try await broker.publish([try event(10)]) }
        let deliveries = try await received(consumer, within: .seconds(20))
        #expect(deliveries.count == 10)
        try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
        try await broker.publish([try event(10)])
        #expect(try await received(consumer, within: .seconds(20)).map(number) == [10])
      }
    }

    @Test func aRedisWithoutMemoryRefusesEventsAndGoesOnHandingOut() async throws {
      try await withBroker { broker, _, redis in
        let consumer = try await broker.join(BrokerGroup("g"))
        try await broker.publish(try (0..<20).map { try event($0, of: "key") })
        _ = try await redis.reply(to: RESPCommand("CONFIG", ["SET", "maxmemory", "1"]))
        do {
          try await broker.publish([try event(20, of: "key")])
          Issue.record("it was stored")
        } catch let error as RedisError {
          #expect(error.reason == .server(code: "OOM"))
        }
        let deliveries = try await received(consumer, within: .seconds(20))
        #expect(deliveries.map(number) == Array(0..<20))
        try await consumer.heartbeat()
        #expect(try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) }) == [])
        _ = try await redis.reply(to: RESPCommand("CONFIG", ["SET", "maxmemory", "0"]))
        try await broker.publish([try event(20, of: "key")])
        #expect(try await received(consumer, within: .seconds(20)).map(number) == [20])
      }
    }

    @Test func theOldestDeadLettersMakeRoom() async throws {
      try await withBroker(BrokerPolicy(deadLetterCapacity: 3)) { broker, _, _ in
        let consumer = try await broker.join(BrokerGroup("g"))
        try await broker.publish(try (0..<5).map { try event($0, of: "key") })
        let deliveries = try await received(consumer, within: .seconds(20))
        let death = DeadLetter.Death(
          reason: .poison, lastError: String(repeating: "e", count: 2000), deliveries: 1,
          time: CallContext.current.clock.unixTime)
        try await consumer.settle(
          deliveries.map { BrokerSettlement($0.receipt, .deadLettered(death, history: [death])) })
        let letters = try await broker.deadLetters(limit: 10)
        #expect(letters.map(\.event.id) == ["2", "3", "4"])
        #expect(letters[0].death.reason == .poison && letters[0].history.count == 1)
        #expect(letters[0].death.lastError?.count == 500)
      }
    }

    @Test func aGroupRunsNoFurtherAheadThanItsWindow() async throws {
      try await withBroker(BrokerPolicy(window: 20)) { broker, _, _ in
        let consumer = try await broker.join(BrokerGroup("g"))
        try await broker.publish(try (0..<50).map { try event($0) })
        let first = try await consumer.receive(limit: 100)
        #expect(first.count == 20)
        async let waiting = received(consumer, within: .seconds(20))
        try await consumer.settle([BrokerSettlement(first[0].receipt, .handled())])
        #expect(try await waiting.count == 1)
      }
    }

    // MARK: - The bus

    @Test func twoBusesShareTheWork() async throws {
      try await withBroker { broker, _, _ in
        let topic = EventType<Int>("redis.number")
        let handled = Shared<[Int]>([])
        let buses = (0..<2).map { _ in EventBus(source: "tests", broker: broker) }
        for bus in buses {
          _ = try bus.subscribe(to: topic, group: "g") { event in
            handled.value.withLock { $0.append(event.data) }
          }
        }
        try await withThrowingTaskGroup { tasks in
          for bus in buses { tasks.addTask { try await bus.run() } }
          for number in 0..<50 { try await buses[0].publish(number, as: topic, subject: "s\(number % 5)") }
          let end = ContinuousClock.now + .seconds(60)
          while handled.value.withLock({ $0.count }) < 50, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
          }
          tasks.cancelAll()
          while let result = await tasks.nextResult() { _ = try? result.get() }
        }
        for subject in 0..<5 {
          #expect(
            handled.value.withLock { $0.filter { $0 % 5 == subject } }
              == Array(stride(from: subject, to: 50, by: 5)))
        }
      }
    }

    // MARK: - Events

    func event(_ number: Int, of key: String? = nil) throws -> EncodedEvent {
      try EncodedEvent(id: "\(number)", source: "/tests", type: "redis.event", subject: key, data: [1, 2, 3])
    }

    func number(_ delivery: BrokerDelivery) -> Int { Int(delivery.event.id) ?? -1 }

    /// Some, or none after a time.
    func received(_ consumer: any BrokerConsumer, within limit: Duration) async throws
      -> [BrokerDelivery]
    {
      let task = Task { try await consumer.receive(limit: 100) }
      let alarm = Task {
        try await Task.sleep(for: limit)
        task.cancel()
      }
      defer { alarm.cancel() }
      do {
        return try await task.value
      } catch is CancellationError {
        return []
      }
    }
  }
}

private final class Shared<Value: Sendable>: Sendable {
  let value: Mutex<Value>

  init(_ value: Value) {
    self.value = Mutex(value)
  }
}

private final class Known: Sendable {
  private struct State {
    var published: Set<Int> = []
    var handled: Set<Int> = []
    var perhaps: Set<Int> = []
    var isOver = false
  }

  private let state = Mutex(State())

  var isOver: Bool { state.withLock { $0.isOver } }
  var all: (published: Set<Int>, handled: Set<Int>, perhaps: Set<Int>) {
    state.withLock { ($0.published, $0.handled, $0.perhaps) }
  }

  func published(_ number: Int) { state.withLock { _ = $0.published.insert(number) } }
  func settled(_ number: Int, isCertain: Bool) {
    state.withLock { (state) -> Void in
      if isCertain {
        state.handled.insert(number)
      } else {
        state.perhaps.insert(number)
      }
    }
  }
  func end() { state.withLock { $0.isOver = true } }
}
