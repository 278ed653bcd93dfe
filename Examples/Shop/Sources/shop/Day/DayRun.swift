import Resilience
import ResilienceTestKit

/// One run of the day: everything is built, opened, broken on schedule, closed, and counted.
struct DayRun: Sendable {
  let intake: Intake
  let isProtected: Bool
  let watch: @Sendable (DaySample, DayClock) -> Void

  /// After closing, events may still be on their way for this long.
  static let overtimeSeconds = 6 * 3600

  struct Result: Sendable {
    var figures: Figures
    var record: DayRecord
  }

  func run(seed: UInt64) throws -> Result {
    try Simulation(seed: seed).run { _ in try await play() }
  }

  /// Plays the day on another clock than the present one.
  func run(on clock: some ResilienceClock) async throws -> Result {
    let (random, executor) = (CallContext.environment?.random, CallContext.current.executor)
    let environment = CallEnvironment(clock: clock, random: random ?? .system, executor: executor)
    return try await CallContext.withEnvironment(environment) { try await play() }
  }

  private func play() async throws -> Result {
    let timetable = Timetable(intake.invoices)
    let platform = Platform(isProtected: isProtected, day: timetable.day, faults: timetable.faults)
    return try await CallContext.withObserver(platform.counters) { try await open(platform, timetable) }
  }

  /// What protects each call and each delivery with the toolkit, a line for each stack.
  static var explanations: [String] {
    get throws {
      let timetable = Timetable([])
      let platform = Platform(isProtected: true, day: timetable.day, faults: timetable.faults)
      _ = try Shop(platform, OutsideWorld(platform))
      return platform.explanations
    }
  }

  private func open(_ platform: Platform, _ timetable: Timetable) async throws -> Result {
    let world = OutsideWorld(platform)
    let shop = try Shop(platform, world)
    let samples = DaySamples()
    enterInvoices(into: platform.book)
    try await withThrowingTaskGroup { group in
      // What runs all day: cancelled when the shop has closed and all is settled.
      group.addTask { try await platform.bus.run() }
      group.addTask { try await platform.registry.run() }
      group.addTask { try await shop.watchHealth() }
      for server in world.servers { group.addTask { try await server.run(in: platform.registry) } }
      group.addTask {
        var sampler = DaySampler(platform, shop.meter)
        try await sampler.run { sample in
          samples.add(sample)
          watch(sample, platform.day)
        }
      }
      try shop.stockUp(intake.invoices)
      try await trade(shop, platform)
      try await platform.day.wait(until: timetable.openSeconds)
      await shop.settle(within: .seconds(Self.overtimeSeconds))
      group.cancelAll()
    }
    // How it ended is the last sample: what the plots come to is what the figures say.
    var last = DaySampler(platform, shop.meter)
    samples.add(last.sample(at: platform.day.secondsOpen))
    return result(shop, openSeconds: timetable.openSeconds, samples.all)
  }

  private func result(_ shop: Shop, openSeconds: Int, _ samples: [DaySample]) -> Result {
    let (platform, world) = (shop.platform, shop.world)
    let findings = Invariants.findings(
      book: platform.book, ledger: world.provider.ledger, lowestStock: world.warehouse.lowest,
      shippedTwice: world.truck.loadedTwice, piecesTaken: world.warehouse.piecesTaken,
      piecesShipped: world.truck.piecesShipped)
    return Result(
      figures: Figures(
        platform: platform, world: world, shop: shop, intake: intake, openSeconds: openSeconds,
        findings: findings),
      record: DayRecord(
        samples: samples, requests: Array(shop.meter.requests(from: 0)),
        breakers: isProtected ? platform.allBreakers.map(\.name) : [],
        breakerLog: platform.counters.breakerLog, findings: findings,
        troubledOrder: Waterfall.ofTroubledOrder(platform),
        slowest: isProtected ? SlowOrder.slowest(platform) : nil, graph: platform.store.serviceGraph(),
        latencies: platform.book.latencies))
  }

  private func enterInvoices(into book: OrderBook) {
    for invoice in intake.invoices { book.expect(invoice.number, total: invoice.total) }
    for (numbers, ending) in [
      (intake.cancellations, OrderBook.Ending.cancelled), (intake.emptyInvoices, .deadLettered),
    ] {
      for number in numbers {
        book.expect(number, total: .zero)
        book.end(number, ending)
      }
    }
  }

  /// All visits of the day, and everything that is done to the shop meanwhile.
  private func trade(_ shop: Shop, _ platform: Platform) async throws {
    let skus = intake.invoices.flatMap { $0.items.map(\.sku) }
    try await withThrowingTaskGroup { group in
      for invoice in intake.invoices { group.addTask { try await shop.traffic.visit(invoice) } }
      group.addTask { try await shop.traffic.flood(skus) }
      group.addTask { try await shop.traffic.expired() }
      group.addTask { try await shop.poison() }
      try await group.waitForAll()
    }
  }
}
