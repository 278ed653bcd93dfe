import Resilience

/// The day's orders on the real clock and the real disk: killed at any moment and started again, it goes on
/// where it was.
struct DurableDay: Sendable {
  let invoices: [Invoice]
  let directory: String
  var killAfter: Int?

  /// How often the dead letters are looked at.
  private static let pause = Duration.milliseconds(10)
  /// The day gives up on orders that do not move for so long; redeliveries come within a second.
  private static let patience = Duration.seconds(10)

  struct Result: Sendable {
    var lines: [String]
    var brokenInvariants: [String]
  }

  /// Goes on until all orders have ended.
  func run() async throws -> Result {
    let books = try await DurableBooks.open(in: directory)
    var report = DurableReport(directory: directory)
    if !invoices.allSatisfy({ books.isSettled($0.number) }) || books.hasOpenOrders {
      let clock = CallContext.current.clock
      let began = clock.now
      report.run = try await trade(books)
      report.run?.duration = began.duration(to: clock.now)
    }
    let result = Result(
      lines: report.lines(books),
      brokenInvariants: DurableInvariants.broken(
        orders: books.orders.all, ledger: books.ledger.all, warehouse: books.warehouse.all))
    try await books.close()
    return result
  }

  private func trade(_ books: DurableBooks) async throws -> DurableReport.Run {
    let broker = try await JournalBroker.open(
      LocalDirectory(path: "\(directory)/events"), name: "shop", journalPolicy: .small)
    // A crash counts as a delivery of all that was received, so that is little.
    let bus = EventBus(source: "shop", broker: broker, policy: EventBusPolicy(queueCapacity: 64))
    let progress = DurableProgress(killAfter: killAfter)
    let shop = DurableShop(bus: bus, books: books, progress: progress)
    try shop.open()
    try await withThrowingTaskGroup { group in
      group.addTask { try await bus.run() }
      try await placeOrders(shop)
      try await settle(shop, broker)
      await bus.shutDown(grace: .seconds(5))
      try await group.waitForAll()
    }
    let run = DurableReport.Run(
      redeliveries: bus.snapshot().groups.reduce(0) { $0 + $1.redeliveries },
      deadLetters: broker.snapshot().deadLetters, resumed: progress.resumed)
    try await broker.close()
    return run
  }

  /// Publishes before it notes: after a crash between the two an order is placed again, with the same id,
  /// and is not forgotten.
  private func placeOrders(_ shop: DurableShop) async throws {
    for invoice in invoices where shop.books.orders.entries(of: invoice.number).isEmpty {
      try await shop.publish(invoice, as: DurableShop.Topic.orderCreated)
      try await shop.books.orders.note(.placed, for: invoice.number, amount: invoice.total.thousandths)
    }
  }

  /// Has the orders of dead letters refunded, until none is open. Orders that are lost end it too, and are
  /// named by the invariants.
  private func settle(_ shop: DurableShop, _ broker: JournalBroker) async throws {
    let clock = CallContext.current.clock
    var last: String?
    var (handled, moved) = (0, clock.now)
    while shop.books.hasOpenOrders, moved.duration(to: clock.now) < Self.patience {
      for letter in try await broker.deadLetters(of: nil, after: last, limit: 100) {
        last = letter.id
        let order = try letter.event.event(as: EventType<Invoice>(letter.event.type)).data
        guard !shop.books.isSettled(order.number) else { continue }
        try await shop.publish(order, as: DurableShop.Topic.orderGivenUp)
      }
      try await clock.sleep(for: Self.pause)
      if shop.progress.handled != handled { (handled, moved) = (shop.progress.handled, clock.now) }
    }
  }
}
