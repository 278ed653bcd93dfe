/// The nearest rank: the smallest value that so many of a hundred do not exceed.
enum Percentile {
  static func of(_ values: [Double], percent: Int) -> Double? {
    guard !values.isEmpty else { return nil }
    return values.sorted()[max(0, (values.count * percent + 99) / 100 - 1)]
  }
}
