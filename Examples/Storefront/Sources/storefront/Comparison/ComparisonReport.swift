import Foundation

/// What a comparison of two shops came to, as text.
struct ComparisonReport: Sendable {
  typealias Pair = (bare: ComparedShop.Measurement, full: ComparedShop.Measurement)

  private(set) var pairs: [(request: ComparedRequest, pairs: [Pair])] = []

  mutating func add(_ request: ComparedRequest, _ measured: [Pair]) { pairs.append((request, measured)) }

  var text: String {
    var lines = [
      "| request | bare: a second; p50; p99 | with: a second; p50; p99 | share, of the pairs | processor time of a request |",
      "|---|---|---|---|---|",
    ]
    for (request, pairs) in pairs {
      let shares = pairs.map { $0.full.perSecond / max($0.bare.perSecond, 0.001) }.sorted()
      let (bare, full) = (Self.merged(pairs.map(\.bare)), Self.merged(pairs.map(\.full)))
      let share =
        "\(percent(shares[shares.count / 2])) (\(percent(shares[0])) to \(percent(shares[shares.count - 1])))"
      let costs = "\(microseconds(cost(bare))), \(microseconds(cost(full)))"
      lines.append("| `\(request.rawValue)` | \(figures(bare)) | \(figures(full)) | \(share) | \(costs) |")
    }
    lines += [
      "",
      "| where the processor time of a request goes, bare and with | " + names.joined(separator: " | ")
        + " |",
    ]
    lines.append("|---|" + names.map { _ in "---|" }.joined())
    for (request, pairs) in pairs {
      let (bare, full) = (Self.merged(pairs.map(\.bare)), Self.merged(pairs.map(\.full)))
      let cells = names.map { "\(microseconds(cost(bare, of: $0))), \(microseconds(cost(full, of: $0)))" }
      lines.append("| `\(request.rawValue)` | " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n")
  }

  /// Processes that take part in any of the requests.
  private var names: [String] {
    var names: Set<String> = []
    for (_, pairs) in pairs {
      let full = Self.merged(pairs.map(\.full))
      names.formUnion(full.processorTime.keys.filter { cost(full, of: $0) > 0.02 * cost(full) })
    }
    return names.sorted()
  }

  private static func merged(_ measurements: [ComparedShop.Measurement]) -> ComparedShop.Measurement {
    measurements.dropFirst().reduce(into: measurements[0]) { sum, next in
      sum.elapsed += next.elapsed
      sum.latencies = (sum.latencies + next.latencies).sorted()
      sum.failures += next.failures
      sum.processorTime.merge(next.processorTime) { $0 + $1 }
    }
  }

  /// Microseconds of processor time for each request, of one process or of all.
  private func cost(_ measurement: ComparedShop.Measurement, of name: String? = nil) -> Double {
    let times = measurement.processorTime.filter { name == nil || $0.key == name }.values
    return times.reduce(.zero, +) / .microseconds(1) / Double(max(1, measurement.latencies.count))
  }

  private func figures(_ measurement: ComparedShop.Measurement) -> String {
    let failures = measurement.failures > 0 ? "; \(measurement.failures) failed" : ""
    let latencies = "\(quantile(measurement, 0.5)); \(quantile(measurement, 0.99))"
    return "\(Int(measurement.perSecond.rounded())); \(latencies)\(failures)"
  }

  private func quantile(_ measurement: ComparedShop.Measurement, _ share: Double) -> String {
    let latencies = measurement.latencies
    guard !latencies.isEmpty else { return "none" }
    let latency = latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
    return "\((latency / .milliseconds(1) * 10).rounded() / 10) ms"
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

  private func microseconds(_ value: Double) -> String { "\(Int(value.rounded())) µs" }
}
