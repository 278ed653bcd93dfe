internal import ResilienceCore

/// What a meter has counted. Pure.
struct CallCounts: Sendable {
  struct Series: Sendable {
    var counts: [Int]
    var total = 0
    var nanoseconds: Int64 = 0
  }

  var running = 0
  private(set) var success: Series
  private(set) var failure: Series
  private(set) var neutral: Series

  init(buckets: Int) {
    let none = Series(counts: Array(repeating: 0, count: buckets))
    (success, failure, neutral) = (none, none, none)
  }

  mutating func add(_ duration: Int64, bucket: Int, _ verdict: Verdict) {
    running -= 1
    switch verdict {
    case .success: success.add(duration, bucket)
    case .failure: failure.add(duration, bucket)
    case .neutral: neutral.add(duration, bucket)
    }
  }
}

extension CallCounts.Series {
  mutating func add(_ duration: Int64, _ bucket: Int) {
    counts[bucket] += 1
    total += 1
    nanoseconds = nanoseconds.addingSaturating(duration)
  }
}
