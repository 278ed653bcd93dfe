import Foundation
import NIOCore
import Resilience
import Testing

@testable import ResilienceRedis

extension RedisTests.RedisStreamsBrokerTests {
  private func logLength(_ redis: RedisClient) async throws -> Int64 {
    try await redis.reply(to: RESPCommand("XLEN", ["b:log"])).integer("the length")
  }

  private func settleAll(_ consumer: any BrokerConsumer, _ total: Int) async throws {
    var count = 0
    while count < total {
      let deliveries = try await received(consumer, within: .seconds(20))
      if deliveries.isEmpty { break }
      try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      count += deliveries.count
    }
    #expect(count == total)
  }

  private func reason(_ body: () async throws -> Void) async throws -> RedisError.Reason? {
    do {
      try await body()
      return nil
    } catch let error as RedisError {
      return error.reason
    }
  }

  // MARK: - Memory

  @Test func aConsumerComesBackToItsGroupWithoutMemory() async throws {
    try await withBroker { broker, _, redis in
      try await broker.join(BrokerGroup("g")).leave()
      try await broker.publish([try event(1)])
      _ = try await redis.reply(to: RESPCommand("CONFIG", ["SET", "maxmemory", "1"]))
      let consumer = try await broker.join(BrokerGroup("g"))
      #expect(try await received(consumer, within: .seconds(20)).map(number) == [1])
      let refused = try await reason { _ = try await broker.join(BrokerGroup("new")) }
      #expect(refused == .server(code: "OOM"))
      #expect(try await !broker.removeGroup("new"))
    }
  }

  @Test func whatAllHaveSettledMakesRoomWhereThereIsNoMemory() async throws {
    try await withBroker(BrokerPolicy()) { broker, _, redis in
      let consumer = try await broker.join(BrokerGroup("g"))
      // So few that their settlements have removed nothing yet.
      for number in 0..<50 {
        try await broker.publish([
          try EncodedEvent(
            id: "\(number)", source: "/tests", type: "redis.event", data: Array(repeating: 1, count: 60_000))
        ])
      }
      try await settleAll(consumer, 50)
      let report = try await redis.reply(to: RESPCommand("INFO", ["memory"])).text("the memory")
      let line = try #require(
        report.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") })
      let used = try #require(Int64(line.dropFirst("used_memory:".count)))
      let limit = RESPCommand("CONFIG", ["SET", "maxmemory", .integer(used - 2_000_000)])
      _ = try await redis.reply(to: limit)
      let set = try await reason { _ = try await redis.reply(to: RESPCommand("SET", ["other", "text"])) }
      #expect(set == .server(code: "OOM"))
      try await broker.publish([try event(50)])
      #expect(try await received(consumer, within: .seconds(20)).map(number) == [50])
    }
  }

  @Test func theLogStaysShortWhenEventsComeOneByOne() async throws {
    try await withBroker { broker, _, redis in
      let consumer = try await broker.join(BrokerGroup("g"))
      for parity in 0..<2 {
        for number in 0..<150 {
          try await broker.publish([try event(number)])
          let deliveries = try await received(consumer, within: .seconds(20))
          try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
        }
        #expect(try await logLength(redis) <= 64, "\(parity)")
        _ = try await redis.reply(to: RESPCommand("INCR", ["b:seq"]))
      }
    }
  }

  @Test func aRemovedGroupLetsItsEventsGo() async throws {
    try await withBroker { broker, _, redis in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.join(BrokerGroup("h")).leave()
      try await broker.publish(try (0..<100).map { try event($0) })
      try await settleAll(consumer, 100)
      #expect(try await logLength(redis) == 100)
      #expect(try await broker.removeGroup("h"))
      #expect(try await logLength(redis) == 0)
    }
  }

  // MARK: - What is too much

  @Test func whatIsForLaterCountsForTheCapacity() async throws {
    try await withBroker(capacity: 10) { broker, _, _ in
      let inAnHour = UnixTime(
        nanoseconds: CallContext.current.clock.unixTime.nanoseconds + 3_600_000_000_000)
      try await broker.publish(
        try (0..<10).map { number in
          var event = try event(number)
          event.notBefore = inAnHour
          return event
        })
      await #expect(throws: BrokerFull.self) { try await broker.publish([try event(10)]) }
    }
  }

  @Test func whatCouldNotBeReadAgainIsRefused() async throws {
    try await withBroker { _, server, _ in
      let redis = RedisClient(port: server.port, timeLimit: .seconds(20), maxReplyBytes: 4096)
      defer { redis.close() }
      let broker = RedisStreamsBroker(redis, prefix: "b", policy: Self.policy)
      let consumer = try await broker.join(BrokerGroup("g"))
      func event(_ number: Int, bytes: Int) throws -> EncodedEvent {
        try EncodedEvent(
          id: "\(number)", source: "/tests", type: "redis.event", data: Array(repeating: 1, count: bytes))
      }
      let long = try event(9, bytes: 6000)
      #expect(try await reason { try await broker.publish([long]) } == .tooLarge)
      let many = Array(repeating: try event(9, bytes: 1), count: 250_001)
      #expect(try await reason { try await broker.publish(many) } == .tooLarge)
      try await broker.publish(try (0..<5).map { try event($0, bytes: 1000) })
      var deliveries: [BrokerDelivery] = []
      while deliveries.count < 5 {
        let more = try await received(consumer, within: .seconds(20))
        if more.isEmpty { break }
        deliveries += more
      }
      #expect(deliveries.map(number) == Array(0..<5))
      let first = try #require(deliveries.first).receipt
      for events in [[long], many] {
        let refused = try await reason {
          try await consumer.settle([BrokerSettlement(first, .handled(publishing: events))])
        }
        #expect(refused == .tooLarge)
      }
      #expect(try await consumer.settle([BrokerSettlement(first, .handled())]) == [])
    }
  }

  // MARK: - By hand

  @Test func whatWasRemovedByHandIsFinished() async throws {
    try await withBroker { broker, _, redis in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish(try (0..<4).map { try event($0, of: "key") })
      let deliveries = try await received(consumer, within: .seconds(20))
      try #require(deliveries.count == 4)
      for delivery in deliveries.prefix(3) {
        _ = try await redis.reply(
          to: RESPCommand("XDEL", ["b:log", .text("\(delivery.receipt.position)-0")]))
      }
      let death = DeadLetter.Death(
        reason: .poison, lastError: nil, deliveries: 1, time: CallContext.current.clock.unixTime)
      let stale = try await consumer.settle([
        BrokerSettlement(deliveries[0].receipt, .deadLettered(death, history: [])),
        BrokerSettlement(deliveries[1].receipt, .handled()),
        BrokerSettlement(deliveries[2].receipt, .returned(deliveries: 0)),
        BrokerSettlement(deliveries[3].receipt, .deadLettered(death, history: [])),
      ])
      #expect(stale == [])
      #expect(try await broker.deadLetters(limit: 10).map(\.event.id) == ["3"])
      try await broker.publish([try event(4, of: "key")])
      #expect(try await received(consumer, within: .seconds(20)).map(number) == [4])
      let pending = try await redis.reply(to: RESPCommand("XPENDING", ["b:log", "g"]))
      #expect(try pending.items("what is pending", atLeast: 1)[0].integer("how many") == 1)
    }
  }

  @Test func receivesThatFailAreRememberedAsOneStretch() async throws {
    try await withBroker { broker, _, redis in
      let consumer = try #require(try await broker.join(BrokerGroup("g")) as? StreamsConsumer)
      let position = try await redis.reply(to: RESPCommand("INCRBY", ["b:seq", "1"])).integer("a position")
      let id = RESPCommand.Argument.text("\(position)-0")
      _ = try await redis.reply(
        to: RESPCommand("XADD", ["b:log", id, "t", "redis.event", "k", "", "e", "no event"]))
      try await broker.publish([try event(1)])
      for _ in 0..<30 {
        #expect(try await reason { _ = try await consumer.receive(limit: 10) } == .malformedReply)
      }
      #expect(consumer.lostCount == 1)
      _ = try await redis.reply(to: RESPCommand("XDEL", ["b:log", id]))
      let deliveries = try await received(consumer, within: .seconds(20))
      #expect(deliveries.map(number) == [1] && deliveries.map(\.deliveries) == [0])
      #expect(consumer.lostCount == 0)
    }
  }

  @Test func anyNumberOfDeliveriesIsReturned() async throws {
    try await withBroker { broker, _, _ in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      for deliveries in [Int.max, -1] {
        let first = try #require(try await received(consumer, within: .seconds(20)).first)
        let settlement = BrokerSettlement(first.receipt, .returned(deliveries: deliveries))
        #expect(try await consumer.settle([settlement]) == [])
      }
      let last = try await received(consumer, within: .seconds(20))
      #expect(last.map(\.deliveries) == [0])
    }
  }
}
