extension Fault {
  /// When it is: `from 10:16 to 11:10`, `at 09:21 and 12:31`, or `all day`.
  func timeText(_ day: DayClock) -> String {
    switch time {
    case .window(let range): "from \(day.wallTime(range.lowerBound)) to \(day.wallTime(range.upperBound))"
    case .moments(let seconds):
      "at " + seconds.dropLast().map(day.wallTime).joined(separator: ", ")
        + (seconds.count > 1 ? " and " : "") + (seconds.last.map(day.wallTime) ?? "")
    case .allDay: "all day"
    }
  }
}

extension Fault {
  /// Whether it is under way, or was a moment of the last five minutes.
  func isUnderWay(at second: Int) -> Bool {
    switch time {
    case .window(let range): range.contains(second)
    case .moments(let seconds): seconds.contains { (0..<300).contains(second - $0) }
    case .allDay: false
    }
  }
}
