/// One screen of the live view: what is broken now, what the customers see, what the toolkit does about it.
struct LiveFrame {
  let moment: DayComparison.Moment
  /// The bare run at the same time of the day; `nil` when there is none.
  var bare: DaySample?

  private var sample: DaySample { moment.sample }

  var lines: [String] {
    let run = moment.isProtected ? "with the toolkit" : "with bare calls"
    return ["The shop's bad day, \(run), at \(moment.day.wallTime(sample.second))", bar, ""]
      + row("broken now", broken)
      + row("orders", ["\(sample.shipped) of \(moment.orders) shipped" + beside(\.shipped)])
      + row(
        "customers",
        [
          "\(sample.answered) requests answered" + beside(\.answered),
          "\(sample.failed) failed" + beside(\.failed),
          "slowest 1 % in the last minute: "
            + (sample.slowMilliseconds.map { "\(Decimal.text($0, 0)) ms" } ?? "no request"),
        ])
      + row("breakers", breakers)
      + row(
        "retries",
        ["\(sample.retries), \(sample.refusedRetries) more refused by the budget; \(sample.budget) left now"])
      + row("bus", ["events not settled: \(sample.queued), redeliveries: \(sample.redeliveries)"])
      + row("rate limit", ["\(sample.limited) requests refused"])
  }

  private var bar: String {
    let share = min(1, Double(sample.second) / Double(max(1, moment.faults.openSeconds)))
    let full = Int(share * 40)
    return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: 40 - full)
      + "] \(Int(share * 100)) % of the day"
  }

  private var broken: [String] {
    let now = moment.faults.faults.filter { $0.isUnderWay(at: sample.second) }
    return now.isEmpty ? ["nothing"] : now.flatMap { Wrapped.lines("\($0.name): \($0.what)", width: 66) }
  }

  private var breakers: [String] {
    guard !sample.breakers.isEmpty else { return ["none"] }
    // The ones to look at first.
    let troubled = sample.breakers.filter { $0.state != .closed }.map { "\($0.name) \($0.state.rawValue)" }
    let closed = sample.breakers.filter { $0.state == .closed }.map(\.name)
    return troubled + (closed.isEmpty ? [] : ["closed: " + closed.joined(separator: ", ")])
  }

  private func beside(_ value: KeyPath<DaySample, Int>) -> String {
    bare.map { " (bare: \($0[keyPath: value]))" } ?? ""
  }

  private func row(_ name: String, _ values: [String]) -> [String] {
    let margin = 12
    return values.enumerated().map { index, value in
      let head = index == 0 ? name : ""
      return head + String(repeating: " ", count: margin - head.count) + value
    }
  }
}
