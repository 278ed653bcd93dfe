/// The measurements of one run, as text, Markdown or JSON.
struct Report {
  /// Machine, toolchain and date.
  let about: [String]

  /// What counted instructions: perf, callgrind or none.
  let counter: String

  let measurements: [Measurement]

  private func floor(of measurement: Measurement) -> Measurement? {
    measurements.first { $0.item.row.name == measurement.item.row.floor && $0.item.place == .off }
  }

  /// As a multiple of the floor's.
  private func ratio(of measurement: Measurement, _ figure: (Measurement) -> Double?) -> String {
    guard let own = figure(measurement), let floor = floor(of: measurement).flatMap(figure), floor > 0
    else { return "" }
    return benchmarks.figure(own / floor, decimals: 1)
  }

  private func nanoseconds(_ value: Double?) -> String {
    guard let value else { return "" }
    return figure(value, decimals: value < 100 ? 1 : 0)
  }

  private func target(of measurement: Measurement) -> String {
    guard let target = measurement.item.row.targets else { return "" }
    let base = target.over.flatMap { name in measurements.first { $0.item.name == name } }
    let instructions = target.instructions.map { limit in
      let isMissed = measurement.instructions.map { $0 - (base?.instructions ?? 0) > Double(limit) } ?? false
      return "≤ \(target.over == nil ? "" : "+")\(limit) ins\(isMissed ? " ✗" : "")"
    }
    let allocations = target.allocations.map { limit in
      "≤ \(figure(limit, decimals: 2)) allocs\(measurement.allocations > limit + 0.005 ? " ✗" : "")"
    }
    return [instructions, allocations].compactMap(\.self).joined(separator: ", ")
  }

  private var header: [String] {
    [
      "case", "threads", "ns median", "ns best", "instructions", "allocs", "bytes", "× floor ns",
      "× floor ins",
      "target",
    ]
  }

  private func cells(of measurement: Measurement) -> [String] {
    let row = measurement.item.row
    return [
      measurement.item.name, "\(row.threads)", nanoseconds(measurement.medianNanoseconds),
      nanoseconds(measurement.bestNanoseconds), measurement.instructions.map { figure($0) } ?? "",
      figure(measurement.allocations, decimals: 2), figure(measurement.bytes),
      ratio(of: measurement, \.bestNanoseconds), ratio(of: measurement, \.instructions),
      target(of: measurement),
    ]
  }

  /// For the terminal.
  var text: String {
    let table = [header] + measurements.map(cells)
    let widths = header.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    let lines = table.map { cells in
      zip(cells, widths).enumerated().map { column, cell in
        column == 0 || column == cells.count - 1 ? cell.0.filled(to: cell.1) : cell.0.padded(to: cell.1)
      }.joined(separator: "  ")
    }
    return (about + [""] + lines).joined(separator: "\n")
  }

  /// For README.md.
  var markdown: String {
    let columns = header + ["floor", "figures to beat, measured elsewhere and earlier"]
    let lines = measurements.map { measurement in
      let row = measurement.item.row
      return cells(of: measurement) + [row.floor ?? "", row.peers.map { "\($0.row): \($0.figures)" } ?? ""]
    }
    let rule = columns.indices.map { (1...8).contains($0) ? "---:" : "---" }
    let table = ([columns, rule] + lines).map { "| " + $0.joined(separator: " | ") + " |" }
    return (about.map { "- " + $0 } + [""] + table).joined(separator: "\n")
  }

  /// For programs.
  var json: String {
    let cases = measurements.map { measurement in
      let row = measurement.item.row
      let fields: [(String, String?)] = [
        ("case", row.name.quoted), ("place", measurement.item.place.rawValue.quoted),
        ("threads", "\(row.threads)"),
        ("nanosecondsMedian", measurement.medianNanoseconds.map { figure($0, decimals: 3) }),
        ("nanosecondsBest", measurement.bestNanoseconds.map { figure($0, decimals: 3) }),
        ("instructions", measurement.instructions.map { figure($0, decimals: 3) }),
        ("allocations", figure(measurement.allocations, decimals: 3)),
        ("bytes", figure(measurement.bytes, decimals: 3)), ("floor", row.floor?.quoted),
        ("targetRow", row.targets?.row.quoted),
        ("targetInstructions", row.targets?.instructions.map { "\($0)" }),
        ("targetAllocations", row.targets?.allocations.map { figure($0, decimals: 3) }),
        ("figureToBeatRow", row.peers?.row.quoted), ("figureToBeat", row.peers?.figures.quoted),
        ("isGated", "\(row.isGated)"),
      ]
      let members = fields.compactMap { name, value in value.map { "\"\(name)\": \($0)" } }
      return "    {" + members.joined(separator: ", ") + "}"
    }
    return """
      {
        "about": [\(about.map(\.quoted).joined(separator: ", "))],
        "instructionCounter": \(counter.quoted),
        "cases": [
      \(cases.joined(separator: ",\n"))
        ]
      }

      """
  }
}
