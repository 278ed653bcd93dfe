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
