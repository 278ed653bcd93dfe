/// What a process has answered and handled since it was started, as its metrics say.
struct AnswerTotals: Equatable, Sendable {
  /// Answers below 500.
  var good = 0.0
  /// Answers from 500 up.
  var failed = 0.0
  /// Upper bounds in seconds, growing, with how many answers took no longer; the last one has all.
  var buckets: [Bucket] = []
  /// Events that a group has handled.
  var handled = 0.0
  /// Events that became dead letters.
  var deadLettered = 0.0

  struct Bucket: Equatable, Sendable {
    var bound: Double
    var count: Double
  }

  var answers: Double { good + failed }

  init() {}

  init(_ page: MetricsText) {
    for sample in page[AnswerMeter.totalName] {
      if sample.labels["status"] == "5xx" { failed += sample.value } else { good += sample.value }
    }
    var counts: [Double: Double] = [:]
    for sample in page[AnswerMeter.durationName + "_bucket"] {
      guard let bound = sample.labels["le"].flatMap(Double.init), !bound.isNaN else { continue }
      counts[bound, default: 0] += sample.value
    }
    buckets = counts.sorted { $0.key < $1.key }.map { Bucket(bound: $0.key, count: $0.value) }
    handled = page.sum("event_bus_delivered_total") ?? 0
    deadLettered = page.sum("event_bus_dead_lettered_total") ?? 0
  }

  /// What has come since `earlier`; all of it when the process was started again meanwhile.
  func since(_ earlier: AnswerTotals) -> AnswerTotals {
    guard answers >= earlier.answers, handled >= earlier.handled else { return self }
    var difference = self
    difference.good -= earlier.good
    difference.failed -= earlier.failed
    difference.handled -= earlier.handled
    difference.deadLettered -= earlier.deadLettered
    if buckets.map(\.bound) == earlier.buckets.map(\.bound) {
      difference.buckets = zip(buckets, earlier.buckets).map {
        Bucket(bound: $0.bound, count: $0.count - $1.count)
      }
    }
    return difference
  }

  /// The seconds that `share` of the answers did not exceed, as Prometheus' `histogram_quantile`; `nil`
  /// without answers.
  func quantile(_ share: Double) -> Double? {
    guard let all = buckets.last?.count, all > 0 else { return nil }
    let rank = share * all
    var (lower, below) = (0.0, 0.0)
    for bucket in buckets where bucket.bound.isFinite {
      if bucket.count >= rank, bucket.count > below {
        return lower + (bucket.bound - lower) * (rank - below) / (bucket.count - below)
      }
      (lower, below) = (bucket.bound, bucket.count)
    }
    return lower
  }
}
