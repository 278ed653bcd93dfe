/// The figures of both runs side by side: what the text and the page show.
struct ComparisonTable {
  struct Row: Equatable {
    var name: String
    var bare: String
    var toolkit: String
    /// How deep it is below what it is a part of.
    var level = 0
  }

  let result: DayResult

  var orders: [Row] {
    [
      row("orders") { "\($0.orders.valid)" },
      row("shipped", 1) { "\($0.orders.completed) (\(Decimal.percent($0.orders.completedShare)))" },
      row("not shipped, or not only", 1) { "\($0.orders.failed)" },
      row("cancelled: customer left, or shelf empty", 2) { "\($0.orders.cancelled)" },
      row("declined by the card", 2) { "\($0.orders.declined)" },
      row("dead-lettered, and refunded", 2) { "\($0.orders.deadLettered)" },
      row("ended twice, as shipped and as cancelled", 2) { "\($0.orders.contradictory)" },
      row("lost: accepted, and never heard of again", 2) { "\($0.orders.lost)" },
      row("charged twice", 1) { "\($0.orders.chargedTwice)" },
      row("shipped twice", 1) { "\($0.orders.shippedTwice)" },
      row("charged, and not shipped", 1) { "\($0.orders.chargedNotShipped)" },
    ]
  }

  /// The few that say how the day was.
  var headline: [Row] {
    [
      row("orders shipped") { "\($0.orders.completed) (\(Decimal.percent($0.orders.completedShare)))" },
      row("orders lost") { "\($0.orders.lost)" },
      row("orders charged twice") { "\($0.orders.chargedTwice)" },
      row("invariants broken") { "\($0.brokenInvariants.count)" },
    ] + [customers[0], customers[4], customers[5]] + latency.prefix(2)
  }

  var customers: [Row] {
    [
      row("response time of customers' requests, mean") {
        "\(Decimal.text($0.averageResponseMilliseconds, 1)) ms"
      },
      row("requests answered in time, a second") { Decimal.text($0.systemThroughputPerSecond, 3) },
      row("mean time between failures (MTBF)") { "\(Decimal.text($0.availability.mtbfSeconds, 1)) s" },
      row("mean time to repair (MTTR)") { "\(Decimal.text($0.availability.mttrSeconds, 1)) s" },
      row("availability = MTBF / (MTBF + MTTR)") { Decimal.percent($0.availability.availability) },
      row("satisfaction: 5 for goods at once, 0 for none") { Decimal.text($0.satisfaction, 2) },
    ]
  }

  /// From placing to shipping: of all, which are not the same orders in both runs, and of those that are.
  var latency: [Row] {
    let both = result.shippedInBoth
    return [
      row("placing to shipping, mean of the shipped orders") {
        "\(Decimal.text($0.systemLatencySeconds, 1)) s"
      },
      row("median of the shipped orders", 1) { "\(Decimal.text($0.medianLatencySeconds, 1)) s" },
      Row(
        name: "mean of the \(both.orders) orders that both runs shipped",
        bare: "\(Decimal.text(both.bareLatencySeconds, 1)) s",
        toolkit: "\(Decimal.text(both.toolkitLatencySeconds, 1)) s", level: 1),
    ]
  }

  var decisions: [Row] {
    [
      row("retries within a call or a delivery") { "\($0.retriesSpent)" },
      row("redeliveries of an event") { "\($0.redeliveries)" },
      row("breakers open, all added up") { "\(Decimal.text($0.breakerOpenSeconds, 1)) s" },
      row("requests refused by the rate limit") { "\($0.requestsLimited)" },
      row("late requests refused") { "\($0.expiredRequestsRefused)" },
      row("duplicate deliveries dropped") { "\($0.duplicatesDropped)" },
      row("dead letters") { "\($0.deadLetters.values.reduce(0, +))" },
    ] + deadLetters
  }

  private var deadLetters: [Row] {
    names(\.deadLetters).map { reason in row(reason, 1) { "\($0.deadLetters[reason] ?? 0)" } }
  }

  var services: [Row] {
    names(\.serviceThroughputPerHour).map { name in
      row(name, 1) { Decimal.text($0.serviceThroughputPerHour[name] ?? 0, 1) }
    }
  }

  var found: [Row] {
    names(\.eventsByType).map { type in row("analytics: \(type)", 1) { "\($0.eventsByType[type] ?? 0)" } }
      + [row("cart: left behind", 1) { "\($0.cartsLeftBehind)" }]
  }

  private func names<Value>(_ values: (Figures) -> [String: Value]) -> [String] {
    Set(values(result.bare).keys).union(values(result.toolkit).keys).sorted()
  }

  private func row(_ name: String, _ level: Int = 0, _ value: (Figures) -> String) -> Row {
    Row(name: name, bare: value(result.bare), toolkit: value(result.toolkit), level: level)
  }
}
