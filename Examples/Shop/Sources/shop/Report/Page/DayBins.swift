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

  /// Customers' requests that failed, a minute.
  func failed(_ record: DayRecord) -> [(second: Double, value: Double?)] {
    points(requests(record).map { Double($0.count { !$0.succeeded }) / Double(minutes) })
  }

  /// Response times of the requests for product pages, answered or not, in seconds.
  func response(_ record: DayRecord, percent: Int) -> [(second: Double, value: Double?)] {
    points(
      requests(record).map { bin in
        Percentile.of(bin.filter(\.isPage).map(\.milliseconds), percent: percent).map { $0 / 1000 }
      })
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

  /// What something that is counted from opening on has grown by in each piece.
  func growth(_ record: DayRecord, of count: KeyPath<DaySample, Int>) -> [(second: Double, value: Double?)] {
    var before = 0
    return points(
      samples(record).map { bin in
        guard let last = bin.last else { return nil }
        defer { before = last[keyPath: count] }
        return Double(last[keyPath: count] - before)
      })
  }
}
