/// The measurements of one run, as text here, and as Markdown and JSON beside it.
struct Report {
  /// Machine, toolchain and date.
  let about: [String]

  /// What counted instructions: perf, callgrind or none.
  let counter: String

  let measurements: [Measurement]

  static let header = [
    "case", "threads", "ns median", "ns best", "instructions", "allocs", "bytes", "× floor ns",
    "× floor ins", "target",
  ]

  /// For the terminal.
  var text: String {
    let table = [Self.header] + measurements.map(cells)
    let widths = Self.header.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    let lines = table.map { cells in
      cells.indices.map { column in
        let isText = column == 0 || column == cells.count - 1
        return isText ? cells[column].filled(to: widths[column]) : cells[column].padded(to: widths[column])
      }.joined(separator: "  ")
    }
    return (about + [""] + lines).joined(separator: "\n")
  }
}

// MARK: - Cells

extension Report {
  func cells(of measurement: Measurement) -> [String] {
    [
      measurement.item.name, "\(measurement.item.row.threads)", nanoseconds(measurement.medianNanoseconds),
      nanoseconds(measurement.bestNanoseconds), measurement.instructions.map { figure($0) } ?? "",
      figure(measurement.allocations, decimals: 2), figure(measurement.bytes),
      ratio(of: measurement, \.bestNanoseconds), ratio(of: measurement, \.instructions),
      target(of: measurement),
    ]
  }

  func nanoseconds(_ value: Double?) -> String {
    guard let value else { return "" }
    return figure(value, decimals: value < 100 ? 1 : 0)
  }

  /// The row of that name in the same place, or off any actor.
  private func row(_ name: String?, for measurement: Measurement) -> Measurement? {
    let found = measurements.filter { $0.item.row.name == name }
    return found.first { $0.item.place == measurement.item.place } ?? found.first
  }

  /// As a multiple of the floor's.
  private func ratio(of measurement: Measurement, _ figure: (Measurement) -> Double?) -> String {
    let floor = row(measurement.item.row.floor, for: measurement).flatMap(figure)
    guard let own = figure(measurement), let floor, floor > 0 else { return "" }
    return benchmarks.figure(own / floor, decimals: 1)
  }

  /// The limits, and whether they are kept: `ins ≤ 65 ✓, allocs ≤ 0 ✓`, or `ins ≤ call + 65: + 107 ✗`.
  private func target(of measurement: Measurement) -> String {
    limits(of: measurement).map { $0.text + ($0.isKept.map { $0 ? " ✓" : " ✗" } ?? "") }.joined(
      separator: ", ")
  }

  /// The cases that miss a target without saying why: those that are gated, and those whose growth is bounded,
  /// which says something even where counts vary. The remarks are about what callgrind counts.
  var missedTargets: [String] {
    guard counter == "callgrind" else { return [] }
    let bound = measurements.filter { measurement in
      let row = measurement.item.row
      return (row.isGated || row.growth != nil) && row.remark == nil
    }
    return bound.flatMap { measurement in
      limits(of: measurement).filter { $0.isKept == false }.map { "\(measurement.item.name): \($0.text)" }
    }
  }

  private func limits(of measurement: Measurement) -> [(text: String, isKept: Bool?)] {
    var limits: [(text: String, isKept: Bool?)] = []
    if let growth = measurement.item.row.growth {
      let smaller = row(growth.row, for: measurement)?.instructions
      let factor = measurement.instructions.flatMap { own in smaller.map { own / $0 } }
      let own = factor.map { ": \(figure($0, decimals: 2))" } ?? ""
      limits.append(
        (
          "ins ≤ \(figure(growth.factor, decimals: 2)) × \(growth.row)\(own)",
          factor.map { $0 <= growth.factor }
        ))
    }
    guard let target = measurement.item.row.targets else { return limits }
    if let limit = target.instructions {
      let base = target.over.map { row($0, for: measurement)?.instructions }
      let excess = measurement.instructions.flatMap { own in (base ?? 0).map { own - $0 } }
      let above = target.over.map { "\($0) + " } ?? ""
      let own = target.over == nil ? "" : excess.map { ": \($0 < 0 ? "−" : "+") \(figure(abs($0)))" } ?? ""
      limits.append(("ins ≤ \(above)\(limit)\(own)", excess.map { $0 <= Double(limit) }))
    }
    if let limit = target.allocations {
      limits.append(("allocs ≤ \(figure(limit, decimals: 2))", measurement.allocations <= limit + 0.005))
    }
    return limits
  }
}
