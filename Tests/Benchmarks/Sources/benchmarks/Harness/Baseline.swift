/// What one operation took when it was last agreed upon, of every gated case.
///
/// A text file with a line for each: instructions, allocations, bytes, name. Bytes are for the reader.
struct Baseline: Sendable {
  struct Line: Sendable {
    let instructions: Double
    let allocations: Double
  }

  /// What instructions were counted with: they are compared with others from the same counter only.
  private(set) var counter = ""
  private(set) var lines: [String: Line] = [:]

  /// An instruction or two more is nothing; beyond it, the row's tolerance.
  private static func allowedInstructions(over baseline: Double, for item: Case) -> Double {
    baseline + max(2, baseline * (item.row.tolerance ?? 0.05))
  }

  /// None more, except with a tolerance; the file has two decimals.
  private static func allowedAllocations(over baseline: Double, for item: Case) -> Double {
    baseline * (1 + (item.row.tolerance ?? 0)) + 0.005
  }

  init(_ text: String) {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 3)
      if parts.count == 4, let instructions = Double(parts[0]), let allocations = Double(parts[1]) {
        lines[String(parts[3].drop { $0 == " " })] = Line(
          instructions: instructions, allocations: allocations)
      } else if line.hasPrefix("# counter: ") {
        counter = String(line.dropFirst(11))
      }
    }
  }

  /// The file that makes these figures the baseline.
  static func text(of measurements: [Measurement], counter: String) -> String {
    let lines = measurements.filter(\.item.row.isGated).map { measurement in
      [
        measurement.instructions.map { figure($0) } ?? "0", figure(measurement.allocations, decimals: 2),
        figure(measurement.bytes),
      ].map { $0.padded(to: 9) }.joined() + "   " + measurement.item.name
    }
    return """
      # Instructions, allocations and bytes of one operation: what `run --gate` compares with.
      # Rewritten by `run --update-baseline`.
      # counter: \(counter)

      """ + lines.joined(separator: "\n") + "\n"
  }
}

// MARK: - The gate

extension Baseline {
  /// Prints what is worse than the baseline, and what the baseline has and the rows have not.
  ///
  /// - Returns: What the program exits with: 0 when nothing is.
  func gate(_ measurements: [Measurement], of cases: [Case], isWhole: Bool, counter: String) -> Int32 {
    if counter != self.counter {
      print("instructions are not gated: the baseline's were counted by \(self.counter), these by \(counter)")
    }
    let gated = measurements.filter(\.item.row.isGated)
    let regressions = gated.flatMap { self.regressions($0, counter: counter) }
    for regression in regressions { print("WORSE  \(regression)") }
    let orphans = isWhole ? self.orphans(of: cases) : []
    for orphan in orphans { print("GONE   \(orphan): in the baseline, and no row") }
    print(
      "\(gated.count) cases gated, \(regressions.count) worse, \(improvements(in: gated)) clearly better")
    return regressions.isEmpty && orphans.isEmpty ? 0 : 1
  }

  private func regressions(_ measurement: Measurement, counter: String) -> [String] {
    let name = measurement.item.name
    guard let line = lines[name] else { return ["\(name): not in the baseline"] }
    var found: [String] = []
    if measurement.allocations > Self.allowedAllocations(over: line.allocations, for: measurement.item) {
      found.append(
        "\(name): allocations \(figure(measurement.allocations, decimals: 2)), "
          + "baseline \(figure(line.allocations, decimals: 2))")
    }
    if counter == self.counter, let instructions = measurement.instructions,
      instructions > Self.allowedInstructions(over: line.instructions, for: measurement.item)
    {
      let percent = (instructions / line.instructions - 1) * 100
      found.append(
        "\(name): instructions \(figure(instructions)), baseline \(figure(line.instructions)), "
          + "\(figure(percent)) % more")
    }
    return found
  }

  /// Cases of the baseline that no row has any more.
  private func orphans(of cases: [Case]) -> [String] {
    let names = Set(cases.map(\.name))
    return lines.keys.filter { !names.contains($0) }.sorted()
  }

  /// How many cases are as much below the baseline: it could be tightened.
  private func improvements(in measurements: [Measurement]) -> Int {
    measurements.count { measurement in
      guard let line = lines[measurement.item.name], let instructions = measurement.instructions else {
        return false
      }
      return Self.allowedInstructions(over: instructions, for: measurement.item) < line.instructions
    }
  }
}
