import NIOCore
import Resilience
import Testing

@testable import ResilienceRedis

extension RedisTests.RedisStreamsBrokerTests {
  /// Runs a call whose answer is lost, and which Redis does when nobody waits for it any more.
  private func losingTheAnswer(
    of server: RedisServer, to client: RedisClient, _ call: () async throws -> Void
  ) async throws {
    try await untilItAnswers(client)
    server.pause()
    await #expect(throws: RedisError.self) { try await call() }
    server.goOn()
    try await untilItAnswers(client)
  }

  @Test func aJoinWhoseAnswerWasLostLeavesNoConsumerBehind() async throws {
    try await withBroker { broker, server, redis in
      // So that group and script are there: Redis does it when it goes on.
      let first = try #require(try await broker.join(BrokerGroup("g")) as? StreamsConsumer)
      try await first.leave()
      let client = RedisClient(port: server.port, timeLimit: .milliseconds(100))
      defer { client.close() }
      let hasty = RedisStreamsBroker(client, prefix: "b")
      for _ in 0..<3 {
        try await losingTheAnswer(of: server, to: client) { _ = try await hasty.join(BrokerGroup("g")) }
      }
      let members = RESPCommand("ZCARD", [.text("b:g:\(first.number):m")])
      #expect(try await redis.reply(to: members).integer("consumers") > 0)
      let consumer = try await hasty.join(BrokerGroup("g"))
      #expect(try await redis.reply(to: members).integer("consumers") == 1)
      // What nobody has gets nothing: all partitions are its own.
      try await broker.publish(try (0..<50).map { try event($0, of: "key \($0)") })
      var numbers: Set<Int> = []
      for _ in 0..<50 where numbers.count < 50 {
        numbers.formUnion(try await received(consumer, within: .seconds(5)).map(number))
      }
      #expect(numbers == Set(0..<50))
    }
  }

  @Test func aJoinThatIsDoneWhenItWasGivenUpJoinsNobody() async throws {
    try await withBroker { broker, _, redis in
      let first = try #require(try await broker.join(BrokerGroup("g")) as? StreamsConsumer)
      func join(_ members: RESPCommand.Argument...) async throws -> String {
        let arguments: [RESPCommand.Argument] = ["g", "64", "all", "", "0", "4000000"]
        return try await broker.run(.join, arguments + members)
          .items("a session", atLeast: 3)[0].text("whether it is joined")
      }
      #expect(try await join("here", "late") == "joined")
      #expect(try await join("late") == "lost")
      let members = RESPCommand("ZCARD", [.text("b:g:\(first.number):m")])
      #expect(try await redis.reply(to: members).integer("consumers") == 2)
    }
  }

  @Test func whatALostAnswerHandedOutDoesNotCountWhenTheConsumerLeaves() async throws {
    try await withBroker { broker, server, redis in
      let client = RedisClient(port: server.port, timeLimit: .milliseconds(100))
      defer { client.close() }
      let hasty = RedisStreamsBroker(client, prefix: "b")
      let consumer = try await hasty.join(BrokerGroup("g"))
      // So that Redis knows the script.
      #expect(try await received(consumer, within: .milliseconds(50)).isEmpty)
      try await broker.publish([try event(1)])
      try await losingTheAnswer(of: server, to: client) { _ = try await consumer.receive(limit: 10) }
      let pending = try await redis.reply(to: RESPCommand("XPENDING", ["b:log", "g"]))
      #expect(try pending.items("what is pending", atLeast: 1)[0].integer("how many") == 1)
      try await consumer.leave()
      let next = try await broker.join(BrokerGroup("g"))
      let deliveries = try await received(next, within: .seconds(20))
      #expect(deliveries.map(number) == [1] && deliveries.map(\.deliveries) == [0])
    }
  }

  @Test(arguments: [true, false]) func aConnectionThatSaysNothingIsGivenUp(answersPings: Bool) async throws {
    let subscribed = "*3\r\n$9\r\nsubscribe\r\n$6\r\nb:wake\r\n:1\r\n"
    let pong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
    let answer: @Sendable (Int) -> [UInt8]? = { read in
      Array((read == 0 ? subscribed : answersPings ? pong : "").utf8)
    }
    try await FakeServer.with(answer) { server in
      let client = RedisClient(port: server.port, timeLimit: .milliseconds(200))
      defer { client.close() }
      let wakeups = BrokerWakeups(client, channel: "b:wake", pingInterval: .milliseconds(20))
      var place = wakeups.add(BrokerWakeups.Waiter(), for: "g")
      let end = ContinuousClock.now + .seconds(answersPings ? 1 : 20)
      while server.connectionCount < 2, ContinuousClock.now < end {
        // Pings and their limit go by the event loop's clock, which is the real one.
        try await Task.sleep(for: .milliseconds(20))
        wakeups.remove(place)
        place = wakeups.add(BrokerWakeups.Waiter(), for: "g")
      }
      #expect((server.connectionCount == 1) == answersPings)
    }
  }
}
