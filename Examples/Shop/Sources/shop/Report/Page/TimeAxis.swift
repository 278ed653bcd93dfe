/// The time of the day from left to right.
struct TimeAxis: Sendable {
  /// Seconds from opening to the right end.
  let seconds: Int
  let day: DayClock

  /// The full steps of the clock, as seconds after opening.
  func ticks(atMost count: Int) -> [Int] {
    let steps = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400]
    let step = steps.first { seconds / $0 <= count } ?? 86_400
    let first = (step - day.opening % step) % step
    return first <= seconds ? Array(stride(from: first, through: seconds, by: step)) : []
  }

  func label(_ second: Int) -> String { day.wallTime(second) }
}
