import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Resilience
import ResilienceRedis
import Synchronization
import Testing

@testable import storefront

/// So many cards in a second, by all instances of `payments` together.
@Suite(.serialized) struct ChargeLimitTests {
  private static let perSecond = 10
  private static let orderCount = 60
  private static let hasRedis = RedisForTests.program != nil

  @Test(.enabled(if: hasRedis, "needs redis-server"))
  func twoInstancesChargeNoMoreThanTheLimitTogether() async throws {
    try await RedisForTests.run { redis in
      try await Self.withShop(redis: redis) { shop in
        let day = try await Self.order(Self.orderCount, at: shop)
        let figures = try await Self.figures(of: shop, "shared_rate_limiter")
        // Without a tolerance: the time begins before the first order, and ends when the charges were counted.
        // On a machine that is very busy an answer of Redis may be late; what that lets through is counted.
        let alone = Double(figures.alone)
        for sample in day.samples {
          #expect(
            Double(sample.charges) <= Double(Self.perSecond) * (1 + sample.seconds) + alone, "\(sample)")
        }
        try await Self.expectAllIsSound(day, at: shop)
        #expect(figures.acquired == Self.orderCount)
        #expect(figures.each.allSatisfy { $0 > 0 }, "one of them has charged all")
        #expect(figures.alone < Self.orderCount / 2, "Redis was not asked")
      }
    }
  }

  @Test(.enabled(if: hasRedis, "needs redis-server"))
  func eachKeepsToItsShareWhenRedisIsKilled() async throws {
    try await RedisForTests.run { redis in
      try await Self.withShop(redis: redis) { shop in
        let day = try await Self.order(Self.orderCount, at: shop) { charges in
          if charges > 15 { redis.kill() }
        }
        for sample in day.samples {
          // One burst more: that of the fallbacks. Redis does not come back with a full bucket.
          let bound = Double(Self.perSecond) * (2 + sample.seconds)
          #expect(Double(sample.charges) <= bound, "\(sample)")
        }
        try await Self.expectAllIsSound(day, at: shop)
        let figures = try await Self.figures(of: shop, "shared_rate_limiter")
        #expect(figures.acquired == Self.orderCount)
        #expect(figures.alone > 0, "Redis was not missed")
      }
    }
  }

  @Test func withoutRedisEachKeepsToItsShare() async throws {
    try await Self.withShop(redis: nil) { shop in
      let day = try await Self.order(40, at: shop)
      for sample in day.samples {
        #expect(Double(sample.charges) <= Double(Self.perSecond) * (1 + sample.seconds), "\(sample)")
      }
      try await Self.expectAllIsSound(day, at: shop)
      #expect(try await Self.figures(of: shop, "rate_limiter").acquired == 40)
    }
  }

  /// What finds no permit in time comes again, and again.
  @Test func anOrderWithoutAPermitIsChargedLater() async throws {
    try await Self.withShop(redis: nil) { shop in
      try await Self.configure(["deliveries.payments.timeout": "100ms"], at: shop)
      let day = try await Self.order(30, at: shop)
      try await Self.expectAllIsSound(day, at: shop)
      let figures = try await Self.figures(of: shop, "rate_limiter")
      #expect(figures.acquired == 30)
      #expect(figures.refused > 0, "each had its permit in time")
    }
  }

  @Test func anOrderThatIsGivenUpForWantOfAPermitIsNotCharged() async throws {
    try await Self.withShop(redis: nil) { shop in
      try await Self.configure(
        ["deliveries.payments.timeout": "1ms", "deliveries.payments.maxDeliveries": 1], at: shop)
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      let ids = try await Self.place(40, by: customer, at: shop)
      let books = try await shop.settled()
      #expect(books.movements.count == (try await Self.figures(of: shop, "rate_limiter").acquired))
      #expect(books.letters.contains { $0.reason.contains("exhausted") }, "\(books.letters)")
      #expect(Set(books.orders.flatMap(\.endings)) == ["shipped", "refunded"])
      #expect(Invariants.findings(books, acknowledged: ids).flatMap(\.breaches) == [])
    }
  }

  /// It has some in hand that wait for a permit: these are given back when its grace has passed.
  @Test func whatWaitsInAProcessThatEndsAnotherOneCharges() async throws {
    // So slow that the grace of five seconds does not do for what it has in hand.
    try await Self.withShop(redis: nil, perSecond: 1) { shop in
      let ending = try #require(shop.processes["payments-2"])
      let isEnding = Mutex(false)
      // Nobody may have used up a delivery.
      try await Self.configure(["deliveries.payments.maxDeliveries": 1], at: shop)
      let day = try await Self.order(12, at: shop) { charges in
        guard charges >= 2, !isEnding.withLock({ $0 }) else { return }
        let page = (try? await shop.metrics(of: "payments-2")).map { MetricsText($0) }
        let inHand = page?.sum("rate_limiter_waiting_calls", where: ["limiter": ChargeLimit.limiterName])
        guard let inHand, inHand > 0 else { return }
        isEnding.withLock { $0 = true }
        await ending.stop()
      }
      #expect(isEnding.withLock { $0 })
      try await eventually("it has ended") { ending.port.port == nil }
      let books = try await Self.expectAllIsSound(day, at: shop)
      #expect(books.letters.isEmpty)
    }
  }

  @Test func onlyAChargeTakesAPermit() async throws {
    // Each event comes twice.
    try await ShopInProcess.run(broker: LossyBroker(repeatsEach: true)) { shop in
      try await shop.offer("85123A")
      try await shop.offer("84029E", pence: Payments.cardLimit + 1)
      let customer = try await shop.customer("17850")
      let charged = try await shop.order("85123A", 1, by: customer)
      let declined = try await shop.order("84029E", 1, by: customer)
      #expect(try await shop.ending(of: charged, by: customer) == "shipped")
      #expect(try await shop.ending(of: declined, by: customer) == "declined")
      _ = try await shop.settled()
      #expect(try await Self.figures(of: shop, "rate_limiter").acquired == 1)
    }
  }

  @Test func aBareShopHasNoLimit() async throws {
    try await ShopInProcess.run(isBare: true) { shop in
      let page = try await shop.metrics(of: Payments.name)
      #expect(!page.contains("rate_limiter"))
    }
  }

  @Test func aPlanTellsPaymentsItsLimitAndHowManyThereAre() throws {
    let charges = try ChargeOptions.parse(["--charges-per-second", "7"])
    let plan = try SupervisorPlan(
      directory: "/tmp/none", instances: 2, program: "/usr/bin/storefront", charges: charges)
    let commands = try plan.services.filter { $0.service == Payments.name }.map {
      try ServeCommand.parse(Array($0.arguments.dropFirst()))
    }
    #expect(commands.map(\.instance) == [1, 2])
    #expect(commands.map(\.instances) == [2, 2])
    #expect(commands.map(\.charges.chargesPerSecond) == [7, 7])
    #expect(throws: (any Error).self) { try ChargeOptions.parse(["--charges-per-second", "0"]) }
  }
}

extension ChargeLimitTests {
  struct Sample {
    var seconds: Double
    var charges: Int
  }

  private struct Day {
    var ids: Set<String>
    var samples: [Sample]
  }

  private static func withShop(
    redis: RedisForTests?, perSecond: Int = perSecond,
    _ body: @escaping @Sendable (ShopInProcess) async throws -> Void
  ) async throws {
    let client = redis.map { RedisClient(port: $0.port) }
    defer { client?.close() }
    // Nothing that is lost is published again.
    try await ShopInProcess.run(
      patience: .seconds(600),
      adjust: { settings in
        (settings.redis, settings.instances, settings.chargesPerSecond) = (client, 2, perSecond)
      }, body)
  }

  /// Places orders at once, and counts the charges until there are as many.
  private static func order(
    _ count: Int, at shop: ShopInProcess, watch: @Sendable (Int) async -> Void = { _ in }
  ) async throws -> Day {
    try await shop.offer("85123A")
    let customer = try await shop.customer("17850")
    let start = ContinuousClock.now
    async let ids = place(count, by: customer, at: shop)
    var samples: [Sample] = []
    try await eventually("\(count) are charged", within: .seconds(60)) {
      let charges = try await charges(at: shop)
      samples.append(Sample(seconds: start.duration(to: .now) / .seconds(1), charges: charges))
      await watch(charges)
      return charges >= count
    }
    return Day(ids: try await ids, samples: samples)
  }

  private static func place(
    _ count: Int, by customer: ShopClient, at shop: ShopInProcess
  ) async throws -> Set<String> {
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<count { group.addTask { try await shop.order("85123A", 1, by: customer).id } }
      return try await group.reduce(into: []) { $0.insert($1) }
    }
  }

  /// Puts values, and waits until all of `payments` go by them.
  private static func configure(_ values: [String: Setting], at shop: ShopInProcess) async throws {
    let answer = try await shop.staff().configure(values, basedOn: 0, "a test", key: "values")
    try #require(answer.status == 200, "\(String(buffer: answer.body))")
    for name in [Payments.name, "\(Payments.name)-2"] {
      try await eventually("\(name) goes by them") {
        try await shop.metrics(of: name).contains("configuration_version 1\n")
      }
    }
  }

  private static func charges(at shop: ShopInProcess) async throws -> Int {
    let port = try #require(shop.processes[Payments.name]?.port.port)
    let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/books")
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
    let body = try await response.body.collect(upTo: 1 << 24)
    return try ShopClient.Answer(status: 200, body: body).decoded(as: Payments.Books.self).movements
      .count { $0.pence > 0 }
  }

  @discardableResult
  private static func expectAllIsSound(_ day: Day, at shop: ShopInProcess) async throws -> Books {
    let books = try await shop.settled()
    #expect(books.orders.count == day.ids.count)
    #expect(books.movements.count == day.ids.count)
    #expect(Invariants.findings(books, acknowledged: day.ids).flatMap(\.breaches) == [])
    return books
  }

  /// What the limiters of all instances say together.
  private static func figures(
    of shop: ShopInProcess, _ prefix: String
  ) async throws -> (acquired: Int, each: [Int], refused: Int, alone: Int) {
    let names = shop.processes.keys.filter { $0.hasPrefix(Payments.name) }
    var pages: [MetricsText] = []
    for name in names { pages.append(MetricsText(try await shop.metrics(of: name))) }
    func values(_ name: String) -> [Int] {
      pages.map { Int($0.sum("\(prefix)_\(name)", where: ["limiter": ChargeLimit.limiterName]) ?? 0) }
    }
    func total(_ name: String) -> Int { values(name).reduce(0, +) }
    return (
      total("acquired_permits_total"), values("acquired_permits_total"), total("refused_calls_total"),
      total("fallback_permits_total")
    )
  }
}
