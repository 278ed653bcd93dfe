import Resilience
import ResilienceTestKit

/// One play of the day: everything is built, opened, broken on schedule, closed, and counted.
struct Play: Sendable {
  let intake: Intake
  let isProtected: Bool
  let progress: @Sendable (String) -> Void

  /// After closing, events may still be on their way for this long.
  static let overtimeSeconds = 6 * 3600

  struct Result: Sendable {
    var figures: Figures
    var troubledOrder: String
  }

  func run(seed: UInt64) throws -> Result {
    try Simulation(seed: seed).run { _ in
      let timetable = Timetable(intake.invoices)
      let house = House(isProtected: isProtected, day: timetable.day, faults: timetable.faults)
      return try await CallContext.withObserver(house.counters) { try await open(house, timetable) }
    }
  }

  private func open(_ house: House, _ timetable: Timetable) async throws -> Result {
    let world = World(house)
    let shop = Shop(house, world)
    enterInvoices(into: house.book)
    try await withThrowingTaskGroup { group in
      group.addTask { try await house.bus.run() }
      group.addTask { try await house.registry.run() }
      group.addTask { try await shop.watchHealth() }
      for server in world.servers { group.addTask { try await server.run(in: house.registry) } }
      group.addTask { try await report(house, timetable) }
      try shop.stockUp(intake.invoices)
      try await trade(shop, house)
      try await house.day.wait(until: timetable.openSeconds)
      await shop.settle(within: .seconds(Self.overtimeSeconds))
      group.cancelAll()
    }
    return Result(
      figures: Figures(
        house: house, world: world, shop: shop, intake: intake, openSeconds: timetable.openSeconds),
      troubledOrder: Waterfall.ofTroubledOrder(house))
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
  private func trade(_ shop: Shop, _ house: House) async throws {
    let skus = intake.invoices.flatMap { $0.items.map(\.sku) }
    try await withThrowingTaskGroup { group in
      for invoice in intake.invoices { group.addTask { try await shop.traffic.visit(invoice) } }
      group.addTask { try await shop.traffic.flood(skus) }
      group.addTask { try await shop.traffic.expired() }
      group.addTask { try await shop.poison() }
      try await group.waitForAll()
    }
  }

  private func report(_ house: House, _ timetable: Timetable) async throws {
    for hour in stride(from: 0, through: timetable.openSeconds, by: 3600) {
      try await house.day.wait(until: hour)
      progress("\(house.day.wallTime(hour))  \(house.book.orders(.shipped).count) orders shipped")
    }
  }
}
