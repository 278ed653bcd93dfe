import Resilience

/// The day cut into some hundred pieces of whole minutes, and what a run was in each.
struct DayBins: Sendable {
  let seconds: Int
  let count: Int

  init(daySeconds: Int) {
    let minutes = [1, 2, 5, 10, 15, 30, 60].first { daySeconds / ($0 * 60) < 115 } ?? 60
    seconds = minutes * 60
    count = max(1, (daySeconds + seconds - 1) / seconds)
  }

  var minutes: Int { seconds / 60 }

  /// A value for each piece, at its middle.
  private func points(_ values: [Double?]) -> [(second: Double, value: Double?)] {
    values.enumerated().map { ((Double($0) + 0.5) * Double(seconds), $1) }
  }

  private func requests(_ record: DayRecord) -> [[CustomerMeter.Request]] {
    record.requests.reduce(into: Array(repeating: [], count: count)) { bins, request in
      bins[min(max(0, Int(request.end.nanoseconds / 1_000_000_000) / seconds), count - 1)].append(request)
    }
  }

  private func samples(_ record: DayRecord) -> [[DaySample]] {
    record.samples.reduce(into: Array(repeating: [], count: count)) { bins, sample in
      bins[min(sample.second / seconds, count - 1)].append(sample)
    }
  }

  /// Requests that were answered in time, a minute.
  func answered(_ record: DayRecord) -> [(second: Double, value: Double?)] {
    points(requests(record).map { Double($0.count { $0.succeeded }) / Double(minutes) })
  }

  /// Response times of all requests, answered or not, in milliseconds.
  func response(_ record: DayRecord, percent: Int) -> [(second: Double, value: Double?)] {
    points(requests(record).map { Percentile.of($0.map(\.milliseconds), percent: percent) })
  }

  /// Orders that were shipped so far.
  func shipped(_ record: DayRecord) -> [(second: Double, value: Double?)] {
    record.samples.filter { $0.second % seconds == 0 || $0 == record.samples.last }
      .map { (Double($0.second), Double($0.shipped)) }
  }

  /// The most events at once that were not settled.
  func queued(_ record: DayRecord) -> [(second: Double, value: Double?)] {
    points(samples(record).map { $0.map { Double($0.queued) }.max() })
  }

  /// Retries in each piece.
  func retries(_ record: DayRecord) -> [(second: Double, value: Double?)] {
    var before = 0
    return points(
      samples(record).map { bin in
        guard let last = bin.last else { return nil }
        defer { before = last.retries }
        return Double(last.retries - before)
      })
  }

  /// The fewest retries that the budgets would have granted.
  func budget(_ record: DayRecord) -> [(second: Double, value: Double?)] {
    points(samples(record).map { $0.map { Double($0.budget) }.min() })
  }
}
