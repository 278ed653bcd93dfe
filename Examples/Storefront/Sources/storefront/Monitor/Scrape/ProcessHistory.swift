/// What was seen of a process in the last minutes. Pure.
struct ProcessHistory: Sendable {
  /// Some five minutes.
  static let maxPoints = 150
  private static let recent = Duration.seconds(60)

  private var points: [(seconds: Double, totals: AnswerTotals)] = []

  /// - Parameter seconds: Of a clock that goes on.
  mutating func add(_ totals: AnswerTotals, at seconds: Double) {
    points.append((seconds, totals))
    if points.count > Self.maxPoints { points.removeFirst(points.count - Self.maxPoints) }
  }

  /// What has come in the last minute, and how long that is.
  var recent: (totals: AnswerTotals, seconds: Double) {
    guard let last = points.last else { return (AnswerTotals(), 0) }
    let begin = points.first { last.seconds - $0.seconds <= Self.recent / .seconds(1) } ?? last
    return (last.totals.since(begin.totals), last.seconds - begin.seconds)
  }

  /// Answers between two looks, the oldest first.
  var answers: [Double] { zip(points, points.dropFirst()).map { $1.totals.since($0.totals).answers } }
}
