import Resilience

extension Figures {
  /// Counts what a run came to.
  init(platform: Platform, world: OutsideWorld, shop: Shop, intake: Intake, openSeconds: Int) {
    let ledger = world.provider.ledger
    let hours = Double(openSeconds) / 3600
    let valid = intake.invoices
    let endings = valid.map { ($0, platform.book.entry($0.number)?.endings ?? []) }
    func count(_ ending: OrderBook.Ending) -> Int { endings.count { $0.1 == [ending] } }
    let completed = count(.shipped)
    orders = Orders(
      valid: valid.count, completed: completed, failed: valid.count - completed, cancelled: count(.cancelled),
      declined: count(.declined), deadLettered: count(.deadLettered),
      contradictory: endings.count { $0.1.count > 1 }, lost: endings.count { $0.1.isEmpty },
      chargedTwice: ledger.orders.count { ledger.account(of: $0).charges.count > 1 },
      shippedTwice: world.truck.loadedTwice.count,
      chargedNotShipped: endings.count {
        !$0.1.contains(.shipped) && ledger.account(of: $0.0.number).balance > .zero
      })
    availability = shop.meter.availability(openSeconds: openSeconds)
    averageResponseMilliseconds = shop.meter.averageMilliseconds
    systemLatencySeconds = Self.averageLatency(platform.book)
    systemThroughputPerSecond = Double(shop.meter.answered) / Double(openSeconds)
    serviceThroughputPerHour = platform.served.all.mapValues { Double($0) / hours }
    eventsByType = shop.analytics.eventsByType
    cartsLeftBehind = shop.carts.leftBehind
    satisfaction = shop.satisfaction.mean(of: valid.count)
    let events = platform.counters.events
    retriesSpent = events["retry.scheduled"]
    breakerOpenSeconds = platform.breakerOpenSeconds
    requestsLimited = events["rate_limiter.refused"]
    expiredRequestsRefused = events["shop.expired"]
    duplicatesDropped = platform.counters.duplicatesDropped
    redeliveries = platform.bus.snapshot().groups.reduce(0) { $0 + $1.redeliveries }
    deadLetters = DeadLetterCount.byReason(platform.bus)
    moneyInPounds = Double(ledger.balance.thousandths) / 1000
    shippedPounds =
      platform.book.orders(.shipped).reduce(0) {
        $0 + Double(platform.book.entry($1)?.total.thousandths ?? 0)
      }
      / 1000
    brokenInvariants = Invariants.broken(
      book: platform.book, ledger: ledger, lowestStock: world.warehouse.lowest,
      shippedTwice: world.truck.loadedTwice, piecesTaken: world.warehouse.piecesTaken,
      piecesShipped: world.truck.piecesShipped)
  }

  /// From the order's placing to its shipping, in seconds.
  private static func averageLatency(_ book: OrderBook) -> Double {
    let latencies = book.orders(.shipped).compactMap { order -> Double? in
      guard let entry = book.entry(order), let placed = entry.placed, let ended = entry.ended else {
        return nil
      }
      return Double(placed.nanoseconds(to: ended)) / 1_000_000_000
    }
    return latencies.isEmpty ? 0 : latencies.reduce(0, +) / Double(latencies.count)
  }
}
