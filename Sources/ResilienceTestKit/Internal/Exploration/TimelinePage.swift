internal import ResilienceCore

/// A failed run as a page of HTML with a picture in it.
struct TimelinePage {
  private static var margin: Int { 120 }
  private static var laneHeight: Int { 28 }
  private static var stepWidth: Int { 16 }

  private let failure: ExplorationFailure
  private let lanes: [String]

  init(_ failure: ExplorationFailure) {
    self.failure = failure
    lanes = TimelineText.lanes(of: failure.schedule)
  }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"><title>Seed \(failure.seed)</title>
    <style>\(Self.style)</style></head><body>
    <h1>\(Self.escaped("\(failure.error)"))</h1>
    <p>Seed \(failure.seed), run \(failure.runs): \(failure.decisions.count) of \(failure.decisionsFound) decisions
    are needed, as \(failure.shrinkingRuns) more runs showed.</p>
    <pre>\(Self.escaped(failure.replayLine))</pre>
    <div class="scroll">\(picture)</div>
    <p>A circle is a step in plain order, the oldest first; a diamond departs from it. Point at one to read it.</p>
    \(list("Departures", departures))
    \(list("Faults", failure.faults.map(\.description)))
    \(list("Waiting at the end", failure.waiting))
    </body></html>

    """
  }

  private var departures: [String] {
    failure.schedule.filter { $0.overtaken != nil }.map { "step \($0.number): \($0)" }
  }

  // MARK: - The picture

  private var picture: String {
    let width = Self.margin + max(1, failure.schedule.count) * Self.stepWidth + 40
    let bottom = (lanes.count + 1) * Self.laneHeight
    let marks = failure.schedule.enumerated().map { mark($0, $1) }.joined(separator: "\n")
    return """
      <svg width="\(width)" height="\(bottom + 70)" role="img" aria-label="What ran when">
      \(lanes.enumerated().map { lane($0, $1, width) }.joined(separator: "\n"))
      \(ticks(bottom))
      \(faults(bottom))
      <text class="label" x="\(Self.margin)" y="\(bottom + 56)">step, and virtual time where it moves</text>
      \(marks)
      </svg>
      """
  }

  private func lane(_ number: Int, _ name: String, _ width: Int) -> String {
    let y = height(of: number)
    return "<line class=\"lane\" x1=\"\(Self.margin)\" x2=\"\(width)\" y1=\"\(y)\" y2=\"\(y)\"/>"
      + "<text x=\"\(Self.margin - 12)\" y=\"\(y + 4)\" text-anchor=\"end\">\(Self.escaped(name))</text>"
  }

  private func mark(_ index: Int, _ step: ScheduleStep) -> String {
    let x = place(of: index)
    let y = height(of: lanes.firstIndex(of: "\(step.kind)") ?? 0)
    let title = "<title>\(Self.escaped("step \(step.number): \(step)"))</title>"
    guard step.overtaken != nil else { return "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"5\">\(title)</circle>" }
    return "<path class=\"departure\" d=\"M\(x) \(y - 9) l9 9 l-9 9 l-9 -9 z\">\(title)</path>"
  }

  private func ticks(_ bottom: Int) -> String {
    var ticks: [String] = []
    var last: (instant: Instant?, place: Int) = (nil, .min)
    for (index, step) in failure.schedule.enumerated() where step.instant != last.instant {
      let x = place(of: index)
      ticks.append("<line class=\"tick\" x1=\"\(x)\" x2=\"\(x)\" y1=\"10\" y2=\"\(bottom)\"/>")
      // A label is some hundred pixels wide.
      if x - max(last.place, -1000) >= 110 {
        ticks.append("<text x=\"\(x)\" y=\"\(bottom + 18)\">\(Self.escaped("\(step.instant)"))</text>")
        ticks.append("<text class=\"label\" x=\"\(x)\" y=\"\(bottom + 34)\">\(step.number)</text>")
        last.place = x
      }
      last.instant = step.instant
    }
    return ticks.joined(separator: "\n")
  }

  private func faults(_ bottom: Int) -> String {
    failure.faults.map { fault in
      let index = failure.schedule.firstIndex { $0.instant >= fault.instant } ?? failure.schedule.count
      let x = place(of: index) - Self.stepWidth / 2
      return "<line class=\"fault\" x1=\"\(x)\" x2=\"\(x)\" y1=\"4\" y2=\"\(bottom)\">"
        + "<title>\(Self.escaped("\(fault)"))</title></line>"
    }.joined(separator: "\n")
  }

  private func place(of index: Int) -> Int { Self.margin + 12 + index * Self.stepWidth }

  private func height(of lane: Int) -> Int { Self.laneHeight * (lane + 1) }

  // MARK: - Text

  private func list(_ title: String, _ lines: [String]) -> String {
    guard !lines.isEmpty else { return "" }
    return "<h2>\(title)</h2><ul>" + lines.map { "<li>\(Self.escaped($0))</li>" }.joined() + "</ul>"
  }

  static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      default: escaped.append(character)
      }
    }
    return escaped
  }

  private static var style: String {
    """
    :root { color-scheme: light dark; --ink: #1a1c20; --paper: #fff; --line: #cfd3da; --run: #2962a8; --odd: #b3261e; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e6e8ec; --paper: #15171b; --line: #3c414a; --run: #82b1ff; --odd: #ff8a80; }
    }
    body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: var(--ink); background: var(--paper); }
    h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; } pre, .scroll { overflow-x: auto; }
    svg text { fill: var(--ink); font-size: 12px; } svg .label { opacity: 0.7; }
    .lane { stroke: var(--line); } .tick { stroke: var(--line); stroke-dasharray: 2 4; }
    circle { fill: var(--run); } .departure { fill: var(--odd); } .fault { stroke: var(--odd); stroke-width: 2; }
    """
  }
}
