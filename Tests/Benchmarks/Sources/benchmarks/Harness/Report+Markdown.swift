extension Report {
  /// For FIGURES.md: a table for each topic, and one of the figures to beat.
  var markdown: String {
    let topics = measurements.map(\.item.topic).reduce(into: [String]()) { topics, topic in
      if !topics.contains(topic) { topics.append(topic) }
    }
    let tables = topics.map { topic in
      "### \(topic)\n\n" + table(of: measurements.filter { $0.item.topic == topic })
    }
    return ([about.map { "- " + $0 }.joined(separator: "\n")] + tables + [beside])
      .joined(separator: "\n\n") + "\n"
  }

  private func table(of measurements: [Measurement]) -> String {
    let rows = measurements.map { measurement in
      let remark = measurement.item.row.remark
      var cells = cells(of: measurement)
      if let remark { cells[cells.count - 1] += cells[cells.count - 1].isEmpty ? remark : "; \(remark)" }
      return cells + [measurement.item.row.floor ?? ""]
    }
    return table(Self.header + ["floor"], numbers: 1...8, rows)
  }

  /// The figures to beat, and ours.
  private var beside: String {
    let rows = measurements.filter { $0.item.place == .off }.compactMap { measurement in
      measurement.item.row.peers.map { peers in
        [
          peers.row, measurement.item.name, nanoseconds(measurement.bestNanoseconds),
          figure(measurement.allocations, decimals: 2), peers.figures,
        ]
      }
    }
    return """
      ### Figures to beat

      Ours from this run; theirs measured earlier, in other programs, the best of several runs. Less than
      1.4 times apart is a tie.


      """
        + table(["work", "our case", "ours: ns best", "allocs", "theirs"], numbers: 2...3, rows)
  }

  private func table(_ header: [String], numbers: ClosedRange<Int>, _ rows: [[String]]) -> String {
    let rule = header.indices.map { numbers.contains($0) ? "---:" : "---" }
    return ([header, rule] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }
}
