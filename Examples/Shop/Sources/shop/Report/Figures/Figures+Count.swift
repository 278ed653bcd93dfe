import Resilience

extension Figures {
  /// Counts what a run came to.
  init(
    platform: Platform, world: OutsideWorld, shop: Shop, intake: Intake, openSeconds: Int,
    findings: [Invariants.Finding]
  ) {
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
    systemLatencySeconds = Mean.of(platform.book.latencies)
    medianLatencySeconds = Percentile.of(Array(platform.book.latencies.values), percent: 50) ?? 0
    systemThroughputPerSecond = Double(shop.meter.answered) / Double(openSeconds)
    serviceThroughputPerHour = platform.served.all.mapValues { Double($0) / hours }
    eventsByType = shop.analytics.eventsByType
    cartsLeftBehind = shop.carts.leftBehind
    satisfaction = shop.satisfaction.mean(of: valid.count)
    let events = platform.counters.events
    retriesSpent = events["retry.scheduled"]
    retriesByCall = platform.counters.retries.all
    openSecondsByBreaker = platform.openSecondsByBreaker
    breakerOpenSeconds = openSecondsByBreaker.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
    requestsLimited = events["rate_limiter.refused"]
    expiredRequestsRefused = events["shop.expired"]
    duplicatesDropped = platform.counters.duplicatesDropped
    let groups = platform.bus.snapshot().groups.filter { $0.redeliveries > 0 }
    redeliveriesByService = groups.reduce(into: [:]) { $0[$1.name, default: 0] += $1.redeliveries }
    redeliveries = redeliveriesByService.values.reduce(0, +)
    deadLetters = DeadLetterCount.byReason(platform.bus)
    moneyInPounds = Double(ledger.balance.thousandths) / 1000
    shippedPounds =
      platform.book.orders(.shipped).reduce(0) {
        $0 + Double(platform.book.entry($1)?.total.thousandths ?? 0)
      }
      / 1000
    brokenInvariants = findings.flatMap(\.breaches)
  }
}
