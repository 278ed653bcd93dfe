extension Report {
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
        ("targetOver", row.targets?.over?.quoted),
        ("targetAllocations", row.targets?.allocations.map { figure($0, decimals: 3) }),
        ("figureToBeatRow", row.peers?.row.quoted), ("figureToBeat", row.peers?.figures.quoted),
        ("remark", row.remark?.quoted),
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
