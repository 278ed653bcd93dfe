internal import ResilienceCore

/// A failed run as lines of text.
struct TimelineText {
  private static var usualLength: Int { 40 }
  private static var mostDepartures: Int { 20 }
  private static var widestLanes: Int { 12 }

  private let failure: ExplorationFailure
  private let lanes: [String]

  init(_ failure: ExplorationFailure) {
    self.failure = failure
    lanes = Self.lanes(of: failure.schedule)
  }

  /// What ran, in the order in which it first did.
  static func lanes(of schedule: [ScheduleStep]) -> [String] {
    var lanes: [String] = []
    var known: Set<String> = []
    for step in schedule where known.insert("\(step.kind)").inserted { lanes.append("\(step.kind)") }
    return lanes
  }

  var text: String {
    guard !failure.schedule.isEmpty else { return "" }
    let steps = failure.schedule
    let shown = shownSteps()
    var lines = [header]
    var faults = failure.faults[...]
    var hidden = 0
    for index in steps.indices {
      while let fault = faults.first, fault.instant <= steps[index].instant {
        lines.append("\(padded("\(fault.instant)", 12))  \(fault)")
        faults.removeFirst()
      }
      guard shown.contains(index) else {
        hidden += 1
        continue
      }
      if hidden > 0 { lines.append("\(padded("…", 12))  \(hidden) more") }
      hidden = 0
      lines.append(line(steps[index]))
    }
    lines.append("ended with: \(failure.error)")
    if !failure.waiting.isEmpty { lines.append("waiting: \(failure.waiting.joined(separator: ", "))") }
    return lines.joined(separator: "\n")
  }

  private var isWide: Bool { lanes.count > Self.widestLanes }

  private var header: String {
    let columns = isWide ? "" : lanes.map { padded($0, 8) }.joined()
    return "\(padded("time", 12))\(padded("step", 7))\(columns)"
  }

  private func line(_ step: ScheduleStep) -> String {
    let mark = step.overtaken == nil ? "*" : "!"
    let columns =
      isWide
      ? "  \(mark) \(step.kind)" : lanes.map { padded($0 == "\(step.kind)" ? mark : ".", 8) }.joined()
    let reason = step.overtaken.map { "  before \($0)" } ?? ""
    return "\(padded("\(step.instant)", 12))\(padded("\(step.number)", 7))\(columns)\(reason)"
  }

  private func shownSteps() -> Set<Int> {
    let steps = failure.schedule
    guard steps.count > Self.usualLength else { return Set(steps.indices) }
    var shown = Set(steps.indices.suffix(Self.usualLength / 3))
    for index in steps.indices.lazy.filter({ steps[$0].overtaken != nil }).prefix(Self.mostDepartures) {
      shown.formUnion(max(0, index - 2)...min(steps.count - 1, index + 2))
    }
    return shown
  }

  private func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }
}
