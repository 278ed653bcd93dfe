import Foundation

/// What a day came to, as text.
struct DayReport: Sendable {
  var visits: Int
  var skippedLines: Int
  var placed: Int
  var failedVisits: [String]
  var requests: Int
  var failures: [String: Int]
  var latencies: [Duration]
  var faults: [DayFaults.Result]
  var books: Books
  var findings: [Invariants.Finding]

  var isSound: Bool {
    findings.allSatisfy(\.breaches.isEmpty) && failedVisits.isEmpty && faults.allSatisfy(\.isRepaired)
  }

  var text: String {
    func ended(_ status: String) -> Int { books.orders.count { $0.endings == [status] } }
    let lettersOfOrders = books.letters.count { $0.order != nil }
    let pence = books.movements.reduce(0) { $0 + $1.pence }
    let failures = failures.sorted { $0.key < $1.key }.map { "\($0.value)× \($0.key)" }
    var lines = [
      row("visits", "\(visits), of which \(placed) placed an order; \(skippedLines) lines skipped"),
      row("requests", "\(requests), failed: \(failures.isEmpty ? "none" : failures.joined(separator: ", "))"),
      row("answered", "p50 \(percentile(0.5)), p99 \(percentile(0.99)), longest \(percentile(1))"),
      row(
        "orders",
        "\(books.orders.count): \(ended("shipped")) shipped, \(ended("refunded")) refunded, "
          + "\(ended("declined")) declined"),
      row(
        "dead letters",
        "\(lettersOfOrders) of orders, \(books.letters.count - lettersOfOrders) of pages given up"),
      row("published again", "\(books.repeats) times, as nothing was heard of an order"),
      row("money", "£\(pence / 100).\(pence % 100 < 10 ? "0" : "")\(pence % 100)"),
    ]
    lines += faults.map { row($0.fault, $0.text) }
    lines += failedVisits.map { row("failed visit", $0) }
    for finding in findings {
      lines.append("\(finding.breaches.isEmpty ? "held  " : "BROKEN")  \(finding.promise.rawValue)")
      lines += finding.breaches.prefix(10).map { "          \($0)" }
      if finding.breaches.count > 10 { lines.append("          and \(finding.breaches.count - 10) more") }
    }
    return lines.joined(separator: "\n")
  }

  private func row(_ name: String, _ value: String) -> String {
    name.padding(toLength: max(20, name.count + 1), withPad: " ", startingAt: 0) + value
  }

  private func percentile(_ share: Double) -> String {
    guard !latencies.isEmpty else { return "none" }
    let index = min(latencies.count - 1, Int(Double(latencies.count) * share))
    return "\(Int((latencies[index] / .milliseconds(1)).rounded())) ms"
  }
}

extension DayReport {
  init(_ run: DayRun, _ books: Books, _ faults: [DayFaults.Result]) {
    self.init(
      visits: run.file.visits.count, skippedLines: run.file.skippedLines, placed: run.ordersPlaced,
      failedVisits: run.failedVisits, requests: run.patience.requests, failures: run.patience.failures,
      latencies: run.patience.latencies, faults: faults, books: books,
      findings: Invariants.findings(books, acknowledged: run.acknowledgedOrders))
  }
}
