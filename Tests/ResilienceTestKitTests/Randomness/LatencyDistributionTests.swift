import ResilienceCore
import Testing

@testable import ResilienceTestKit

@Suite struct LatencyDistributionTests {
  @Test func aConstantDrawsNothing() {
    let constant = LatencyDistribution.constant(.milliseconds(3))
    let nanoseconds = constant.nanoseconds {
      Issue.record("drew")
      return 0
    }
    #expect(nanoseconds == 3_000_000)
  }

  @Test(arguments: [(0, 10), (UInt64.max / 2, 15), (.max, 20)] as [(UInt64, Int64)])
  func uniformReachesBothEnds(draw: UInt64, nanoseconds: Int64) {
    #expect(
      LatencyDistribution.uniform(.nanoseconds(10) ... .nanoseconds(20)).sample(draw: draw)
        == .nanoseconds(nanoseconds))
  }

  /// `-10⁹ · ln(draw / 2⁶⁴)`, computed elsewhere with more digits.
  @Test(
    arguments: [
      (1 << 63, 693_147_180), (1 << 62, 1_386_294_361), (1, 44_361_419_555), (.max, 0),
      (0xC000_0000_0000_0000, 287_682_072), (0xFF00_0000_0000_0000, 3_913_899),
    ] as [(UInt64, Int64)])
  func exponentialIsTheLogarithmToTheNanosecond(draw: UInt64, nanoseconds: Int64) {
    let sample = LatencyDistribution.exponential(mean: .seconds(1)).nanoseconds { draw }
    #expect(abs(sample - nanoseconds) <= 1)
  }

  @Test func exponentialSaturates() {
    #expect(
      LatencyDistribution.exponential(mean: .nanoseconds(Int64.max)).nanoseconds { 0 } == .max)
    #expect(LatencyDistribution.exponential(mean: .zero).nanoseconds { 0 } == 0)
  }

  @Test func exponentialHasItsMean() {
    let random = SeededRandomSource(seed: 1)
    let samples = (0..<10_000).map { _ in
      LatencyDistribution.exponential(mean: .microseconds(1)).nanoseconds { random.next() }
    }
    // The mean of the logarithms of these very draws, computed elsewhere.
    #expect(samples.reduce(0, +) / 10_000 == 1028)
    #expect(samples.filter { $0 > 5000 }.count == 65)
  }
}
