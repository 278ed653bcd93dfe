import ResilienceCore
import Testing

@testable import ResilienceRetry

@Suite struct LatencyHistogramTests {
  @Test(arguments: [1_024, 1_025, 50_000, 999_999, 1_000_000, 123_456_789, 1_000_000_000_000] as [Int64])
  func aPercentileIsNeverTooLowAndAtMostASixteenthTooHigh(nanoseconds: Int64) {
    var histogram = LatencyHistogram()
    histogram.record(nanoseconds: nanoseconds)
    let median = histogram.nanoseconds(exceededBy: 0.5)
    #expect(median > nanoseconds)
    #expect(median <= nanoseconds + nanoseconds / 16 + 1)
  }

  @Test(arguments: [Int64.min, -1, 0, 1])
  func whatIsTooSmallCountsAsTheSmallest(nanoseconds: Int64) {
    var histogram = LatencyHistogram()
    histogram.record(nanoseconds: nanoseconds)
    #expect(histogram.nanoseconds(exceededBy: 0.5) == 1_024 + 64)
  }

  @Test func whatIsTooLargeCountsAsTheLargest() {
    var histogram = LatencyHistogram()
    histogram.record(nanoseconds: .max)
    #expect(histogram.nanoseconds(exceededBy: 0.5) == 1 << 40)
  }

  @Test func theSlowestShareLiesAboveThePercentile() {
    var histogram = LatencyHistogram()
    for number in 1...1_000 { histogram.record(nanoseconds: Int64(number) * 1_000_000) }
    for (share, expected) in [(0.5, 500), (0.1, 900), (0.05, 950), (0.01, 990)] as [(Double, Int64)] {
      let found = histogram.nanoseconds(exceededBy: share) / 1_000_000
      #expect(found >= expected && found <= expected + expected / 16 + 1, "\(share)")
    }
    #expect(histogram.samples == 1_000)
  }

  @Test func oldSamplesFade() {
    var histogram = LatencyHistogram()
    for _ in 0..<1_000 { histogram.record(nanoseconds: 1_000_000_000) }
    for _ in 0..<10_000 { histogram.record(nanoseconds: 1_000_000) }
    #expect(histogram.nanoseconds(exceededBy: 0.01) < 1_100_000)
    #expect(histogram.samples <= LatencyHistogram.window)
  }

  /// Halving must not lose the few slow calls that a percentile is about.
  @Test func rareSlowSamplesSurviveTheFading() {
    var histogram = LatencyHistogram()
    for number in 0..<10_000 {
      // No two of the slow ones that a window holds are in one bucket.
      let slow = 1_000_000_000 + Int64(number % 2_000) * 50_000_000
      histogram.record(nanoseconds: number % 50 == 0 ? slow : 1_000_000)
      guard number > 5_000, number % 10 == 0 else { continue }
      #expect(histogram.nanoseconds(exceededBy: 0.01) > 1_000_000_000)
      #expect(histogram.nanoseconds(exceededBy: 0.03) < 1_100_000)
    }
  }

  @Test func nothingIsKnownFromNothing() {
    #expect(LatencyHistogram().nanoseconds(exceededBy: 0.05) == 0)
  }
}

@Suite struct LearnedDelayTests {
  private func learned(minimumSamples: Int = 10, atLeast: Duration = .zero, atMost: Duration = .seconds(10))
    -> LearnedDelay
  {
    let delay = HedgeDelay.learned(
      percentile: 90, minimumSamples: minimumSamples, atLeast: atLeast, atMost: atMost)
    guard case .learned(let learning) = delay.kind else { fatalError("\(delay)") }
    return LearnedDelay(learning)
  }

  @Test func itIsUnknownUntilEnoughCallsWereSeen() {
    let delay = learned()
    for _ in 0..<9 { delay.record(nanoseconds: 2_000_000, succeeded: true) }
    #expect(delay.nanoseconds == nil)
    delay.record(nanoseconds: 2_000_000, succeeded: true)
    #expect((2_000_000...2_125_000).contains(delay.nanoseconds ?? 0))
    #expect(delay.typicalNanoseconds == delay.nanoseconds)
  }

  @Test func itFollowsTheCalls() {
    let delay = learned()
    for _ in 0..<2_000 { delay.record(nanoseconds: 2_000_000, succeeded: true) }
    for _ in 0..<2_000 { delay.record(nanoseconds: 40_000_000, succeeded: true) }
    #expect((40_000_000...42_500_000).contains(delay.nanoseconds ?? 0))
  }

  @Test(arguments: [(Int64(1_000), Int64(5_000_000)), (3_600_000_000_000, 7_000_000)])
  func itStaysWithinItsBounds(latency: Int64, expected: Int64) {
    let delay = learned(atLeast: .milliseconds(5), atMost: .milliseconds(7))
    for _ in 0..<10 { delay.record(nanoseconds: latency, succeeded: true) }
    #expect(delay.nanoseconds == expected)
  }

  @Test func failuresCountOnlyWhenTheyAreLate() {
    let delay = learned()
    for _ in 0..<100 { delay.record(nanoseconds: 1_000, succeeded: false) }
    #expect(delay.samples == 0)
    for _ in 0..<100 { delay.record(nanoseconds: 2_000_000, succeeded: true) }
    for _ in 0..<100 { delay.record(nanoseconds: 1_000, succeeded: false) }
    #expect(delay.samples == 100)
    for _ in 0..<20 { delay.record(nanoseconds: 50_000_000, succeeded: false) }
    #expect(delay.samples == 120)
  }
}
