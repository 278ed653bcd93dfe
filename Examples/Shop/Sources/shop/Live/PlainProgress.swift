/// Progress as lines: one each hour of each run.
enum PlainProgress {
  static func line(_ moment: DayComparison.Moment) -> String? {
    guard moment.sample.second % 3600 == 0 else { return nil }
    let run = moment.isProtected ? "with toolkit" : "bare        "
    return
      "\(run) \(moment.day.wallTime(moment.sample.second))  \(moment.sample.shipped) of \(moment.orders) orders shipped"
  }
}
