import ResilienceCore
import Testing

@Suite struct BackoffTests {
  @Test(arguments: [
    (1, 50), (2, 100), (3, 200), (9, 12_800), (10, 20_000), (11, 20_000), (10_000, 20_000),
  ])
  func doublesUpToTheCap(retry: Int, milliseconds: Int) {
    let backoff = Backoff.exponential(jitter: .none)
    #expect(backoff.delay(retry: retry, seed: 1) == .milliseconds(milliseconds))
  }

  @Test(arguments: [1, 2, 1000, .max])
  func constantStaysTheSame(retry: Int) {
    #expect(Backoff.constant(.seconds(3), jitter: .none).delay(retry: retry, seed: 1) == .seconds(3))
    #expect(Backoff.none.delay(retry: retry, seed: 1) == .zero)
  }

  @Test func isAFunctionOfSeedAndRetry() {
    let backoff = Backoff.exponential()
    #expect(backoff.delay(retry: 5, seed: 7) == backoff.delay(retry: 5, seed: 7))
    #expect(backoff.delay(retry: 5, seed: 7) != backoff.delay(retry: 5, seed: 8))
    #expect(backoff.delay(retry: 10, seed: 7) != backoff.delay(retry: 11, seed: 7), "both at the cap")
  }

  @Test func aNumberBelowOneCountsAsTheFirst() {
    let backoff = Backoff.exponential(jitter: .none)
    #expect(backoff.delay(retry: 0, seed: 1) == .milliseconds(50))
    #expect(backoff.delay(retry: .min, seed: 1) == .milliseconds(50))
  }

  @Test func aBaseAboveTheCapIsTheCap() {
    let backoff = Backoff.exponential(base: .seconds(9), cap: .seconds(2), jitter: .none)
    #expect(backoff.delay(retry: 1, seed: 1) == .seconds(2))
    #expect(backoff.delay(retry: 4, seed: 1) == .seconds(2))
  }

  static let retries = [1, 2, 3, 10, 62, 63, 64, 65, 1023, 1024, 1025, 1_000_000, Int.max - 1, Int.max]
  static let hugeDuration = Duration.seconds(1_000_000_000)

  @Test(arguments: [
    Backoff.exponential(base: .nanoseconds(1), cap: hugeDuration, jitter: .none),
    .exponential(base: hugeDuration, cap: hugeDuration, multiplier: 1e300, jitter: .none),
    .exponential(base: .seconds(Int64.max), cap: .seconds(Int64.max), jitter: .none),
    .exponential(base: .nanoseconds(1), cap: .seconds(Int64.max), multiplier: 1.000_001, jitter: .none),
    .exponential(base: .zero, cap: hugeDuration, jitter: .none),
  ])
  func row15_neverOverflows(backoff: Backoff) {
    let ceilings = Self.retries.map { backoff.delay(retry: $0, seed: 1) }
    #expect(ceilings == ceilings.sorted())
    #expect(ceilings.allSatisfy { $0 >= .zero && $0 <= .nanoseconds(backoff.capNanoseconds) })

    let spread = Backoff.exponential(
      base: .nanoseconds(backoff.baseNanoseconds), cap: .nanoseconds(backoff.capNanoseconds),
      multiplier: backoff.multiplier)
    for (retry, ceiling) in zip(Self.retries, ceilings) {
      for seed in [0, 1, UInt64.max] {
        #expect((.zero...ceiling).contains(spread.delay(retry: retry, seed: seed)))
      }
    }
  }

  @Test(arguments: [1, 3, 30])
  func row16_delaysDoNotPileUp(retry: Int) {
    let backoff = Backoff.exponential(base: .milliseconds(50), cap: .seconds(1))
    let ceiling = min(50_000_000 << (retry - 1), 1_000_000_000)
    var bins = [Int](repeating: 0, count: 100)
    for seed in 0..<10_000 as Range<UInt64> {
      let delay = backoff.delayNanoseconds(retry: retry, seed: seed)
      bins[min(99, Int(delay) * 100 / ceiling)] += 1
    }
    #expect(bins.allSatisfy { (1...500).contains($0) }, "\(bins)")
  }

  @Test func row17_theCapHoldsAndStillSpreads() {
    let backoff = Backoff.exponential(base: .milliseconds(50), cap: .milliseconds(400))
    let delays = (0..<1000 as Range<UInt64>).map { backoff.delay(retry: 20, seed: $0) }
    #expect(delays.allSatisfy { $0 <= .milliseconds(400) })
    #expect(Set(delays).count > 990)
    #expect(delays.contains { $0 < .milliseconds(40) })
    #expect(delays.contains { $0 > .milliseconds(360) })
  }

  @Test func row18_aFractionalMultiplierGrows() {
    let backoff = Backoff.exponential(base: .milliseconds(1), multiplier: 1.5, jitter: .none)
    let delays = (1...4).map { backoff.delay(retry: $0, seed: 1) }
    #expect(
      delays == [
        .nanoseconds(1_000_000), .nanoseconds(1_500_000), .nanoseconds(2_250_000), .nanoseconds(3_375_000),
      ])

    let tiny = Backoff.exponential(base: .nanoseconds(1), multiplier: 1.5, jitter: .none)
    #expect((1...6).map { tiny.delayNanoseconds(retry: $0, seed: 1) } == [1, 1, 2, 3, 5, 7])
  }
}
