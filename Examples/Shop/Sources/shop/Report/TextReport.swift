/// The result side by side, as text.
struct TextReport {
  let result: DayResult
  let troubledOrder: String

  var lines: [String] {
    input + [""] + header + orders + [""] + articleFigures + [""] + decisions + [""] + services + [""]
      + found + [""] + verdict + ["", "an order that met trouble, with the toolkit", ""]
      + [troubledOrder.isEmpty ? "none" : troubledOrder]
  }

  private var input: [String] {
    let lines = result.lines
    let reasons = lines.refusedByReason.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return [
      "\(result.invoices) invoices with \(lines.total) lines: \(lines.accepted) accepted, \(lines.cancelled) cancelled, "
        + "\(lines.refused) refused into the dead letters",
      "  refused: " + (reasons.isEmpty ? "none" : reasons.joined(separator: ", ")),
    ]
  }

  private var header: [String] {
    [row("", "bare calls", "with the toolkit"), row("", "----------", "----------------")]
  }

  private var orders: [String] {
    [
      row("valid orders") { "\($0.orders.valid)" },
      row("  completed (shipped)") { "\($0.orders.completed) (\(percent($0.orders.completedShare)))" },
      row("  failed") { "\($0.orders.failed)" },
      row("    cancelled: customer left, or shelf empty") { "\($0.orders.cancelled)" },
      row("    declined by the card") { "\($0.orders.declined)" },
      row("    dead-lettered, and refunded") { "\($0.orders.deadLettered)" },
      row("    ended twice, as shipped and as cancelled") { "\($0.orders.contradictory)" },
      row("    lost: accepted, and never heard of again") { "\($0.orders.lost)" },
      row("  charged twice") { "\($0.orders.chargedTwice)" },
      row("  shipped twice") { "\($0.orders.shippedTwice)" },
      row("  charged, and not shipped") { "\($0.orders.chargedNotShipped)" },
    ]
  }

  private var articleFigures: [String] {
    [
      row("average response time") { "\(decimal($0.averageResponseMilliseconds, 1)) ms" },
      row("system latency (of the orders that were shipped)") { "\(decimal($0.systemLatencySeconds, 1)) s" },
      row("system throughput") { "\(decimal($0.systemThroughputPerSecond, 3)) requests/s" },
      row("mean time between failures") { "\(decimal($0.availability.mtbfSeconds, 1)) s" },
      row("mean time to repair") { "\(decimal($0.availability.mttrSeconds, 1)) s" },
      row("availability = MTBF / (MTBF + MTTR)") { percent($0.availability.availability) },
    ]
  }

  private var decisions: [String] {
    [
      row("retries spent") { "\($0.retriesSpent)" },
      row("redeliveries") { "\($0.redeliveries)" },
      row("breaker time open") { "\(decimal($0.breakerOpenSeconds, 1)) s" },
      row("requests limited") { "\($0.requestsLimited)" },
      row("expired requests refused") { "\($0.expiredRequestsRefused)" },
      row("duplicate deliveries dropped") { "\($0.duplicatesDropped)" },
      row("dead letters of the day") { "\($0.deadLetters.values.reduce(0, +))" },
    ]
      + result.toolkit.deadLetters.sorted { $0.key < $1.key }.map { reason, count in
        row("  \(reason)", "", "\(count)")
      }
  }

  private var services: [String] {
    let names = Set(result.bare.serviceThroughputPerHour.keys).union(
      result.toolkit.serviceThroughputPerHour.keys)
    return ["throughput per service, handled an hour"]
      + names.sorted().map { name in row("  \(name)") { decimal($0.serviceThroughputPerHour[name] ?? 0, 1) } }
  }

  private var found: [String] {
    let types = Set(result.bare.eventsByType.keys).union(result.toolkit.eventsByType.keys)
    return ["what the services made of it"]
      + types.sorted().map { type in row("  analytics: \(type)") { "\($0.eventsByType[type] ?? 0)" } }
      + [
        row("  cart: left behind") { "\($0.cartsLeftBehind)" },
        row("  satisfaction: 5 for goods at once, 0 for none") { decimal($0.satisfaction, 2) },
      ]
  }

  private var verdict: [String] {
    let bare = result.bare.brokenInvariants
    let toolkit = result.toolkit.brokenInvariants
    let examples =
      bare.prefix(3).map { "    \($0)" } + (bare.count > 3 ? ["    and \(bare.count - 3) more"] : [])
    return ["invariants broken by bare calls: \(bare.count)"] + examples
      + ["invariants broken with the toolkit: \(toolkit.count)"] + toolkit.map { "    \($0)" }
  }

  private func row(_ name: String, _ value: (Figures) -> String) -> String {
    row(name, value(result.bare), value(result.toolkit))
  }

  private func row(_ name: String, _ bare: String, _ toolkit: String) -> String {
    pad(name, 55) + pad(bare, 22) + toolkit
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private func percent(_ share: Double) -> String { "\(decimal(share * 100, 2)) %" }

  private func decimal(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((value * scale).rounded())
    let digits = String(abs(scaled))
    let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
    return (scaled < 0 ? "-" : "") + padded.dropLast(places) + "." + padded.suffix(places)
  }
}
