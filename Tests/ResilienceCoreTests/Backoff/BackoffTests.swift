import Foundation
import Testing

@testable import ResilienceCore

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

  @Test func aCapBelowItsBaseIsRefused() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Backoff.exponential(base: .seconds(9), cap: .seconds(2))
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("cap must be its base 9.0 seconds or more, was 2.0 seconds"))
  }

  @Test func theDefaultCapIsTheBaseWhereThatIsLonger() {
    for backoff in [
      Backoff.exponential(base: .seconds(90)), .linear(base: .seconds(90)), .decorrelated(base: .seconds(90)),
    ] {
      #expect(backoff.capNanoseconds == 90_000_000_000)
    }
    #expect(Backoff.exponential(base: .seconds(2)).capNanoseconds == 20_000_000_000)
  }

  // MARK: - Kinds

  @Test(arguments: [(1, 100), (2, 130), (3, 160), (31, 1_000), (32, 1_000), (Int.max, 1_000)])
  func linearGrowsByTheIncrement(retry: Int, milliseconds: Int) {
    let backoff = Backoff.linear(
      base: .milliseconds(100), increment: .milliseconds(30), cap: .seconds(1), jitter: .none)
    #expect(backoff.delay(retry: retry, seed: 1) == .milliseconds(milliseconds))
    #expect(Backoff.linear(base: .seconds(2), jitter: .none).delay(retry: 3, seed: 1) == .seconds(6))
  }

  @Test(arguments: [(1, 1), (2, 5), (3, 2), (4, 2), (Int.max, 2)])
  func customFollowsItsTableAndStaysAtItsLastEntry(retry: Int, seconds: Int) {
    let backoff = Backoff.custom([.seconds(1), .seconds(5), .seconds(2)], jitter: .none)
    #expect(backoff.delay(retry: retry, seed: 1) == .seconds(seconds))
    #expect(backoff.capNanoseconds == 5_000_000_000)
  }

  /// The formula written down as Polly has it, with the C library's functions and a loop that carries `prev`.
  @Test(arguments: 0..<200 as Range<UInt64>)
  func decorrelatedIsPollysFormula(seed: UInt64) {
    let backoff = Backoff.decorrelated(base: .seconds(1), cap: .seconds(1_000_000_000))
    var previous = 0.0
    for retry in 1...28 {
      let draw = SplitMix64.mix(seed &+ UInt64(retry) &* SplitMix64.gamma)
      let time = Double(retry - 1) + draw.unitInterval
      let next = pow(2, time) * tanh((4 * time).squareRoot())
      let expected = (next - previous) / 1.4 * 1e9
      previous = next
      let delay = Double(backoff.delayNanoseconds(retry: retry, seed: seed))
      #expect(abs(delay - expected) <= 1 + previous * 1e-4, "retry \(retry): \(delay), not \(expected)")
    }
  }

  @Test func theFirstDecorrelatedDelaysAddUpEvenly() {
    let backoff = Backoff.decorrelated(base: .seconds(1), cap: .seconds(1_000))
    for seed in 0..<1000 as Range<UInt64> {
      let sum = (1...5).reduce(0) { $0 + backoff.delayNanoseconds(retry: $1, seed: seed) }
      // The terms telescope: (2⁴ ... 2⁵) / 1.4 seconds, whatever the single draws were.
      #expect((11_400_000_000...22_900_000_000).contains(sum))
    }
  }

  @Test func theDelaysAsASequenceAreThoseOfEachRetry() {
    for backoff in [Backoff.exponential(), .decorrelated(), .custom([.seconds(1), .seconds(2)])] {
      let delays = Array(backoff.delays(seed: 7).prefix(50))
      #expect(delays == (1...50).map { backoff.delay(retry: $0, seed: 7) })
    }
  }

  // MARK: - Jitter

  @Test(arguments: [
    (Backoff.Jitter.none, 1000, 1000), (.full, 0, 1000), (.equal, 500, 1000), (.proportional(0), 1000, 1000),
    (.proportional(0.2), 800, 1000), (.proportional(1), 0, 1000),
  ])
  func jitterSpreadsBelowTheDelay(jitter: Backoff.Jitter, least: Int64, most: Int64) {
    let backoff = Backoff.constant(.nanoseconds(1000), jitter: jitter)
    let delays = (0..<20_000 as Range<UInt64>).map { backoff.delayNanoseconds(retry: 1, seed: $0) }
    #expect(delays.min() == least)
    #expect(delays.max() == most)
  }

  @Test func aLowerBoundKeepsTheSpreadAboveIt() {
    let equal = Backoff.constant(.nanoseconds(1000), jitter: .equal)
    let delays = (0..<20_000 as Range<UInt64>).map {
      equal.delayNanoseconds(retry: 1, seed: $0, notBefore: 2_000)
    }
    #expect(delays.allSatisfy { $0 >= 2_000 } && delays.contains { $0 < 2_010 })
    #expect(delays.max() == 2_500)
    #expect(Backoff.none.delayNanoseconds(retry: 1, seed: 1, notBefore: 5_000) == 5_000)
    #expect(Backoff.exponential().delayNanoseconds(retry: 1, seed: 1, notBefore: .max) == .max)
  }

  /// Who are told the same wait do not come back together, whatever the backoff of a first retry.
  @Test(arguments: [Backoff.exponential(), .constant(.zero), .decorrelated()])
  func aLowerBoundIsSpreadOverAnEighthOfIt(backoff: Backoff) {
    let wait: Int64 = 20_000_000_000
    let delays = (0..<20_000 as Range<UInt64>).map {
      backoff.delayNanoseconds(retry: 1, seed: $0, notBefore: wait)
    }
    #expect(delays.allSatisfy { $0 >= wait && $0 <= wait + wait / 8 })
    let tenths = Set(delays.map { ($0 - wait) * 80 / wait })
    #expect(tenths.count >= 10, "\(tenths)")
    let most = Dictionary(grouping: delays) { ($0 - wait) / 50_000_000 }.values.map(\.count).max() ?? 0
    #expect(most < 600, "\(most) of 20 000 within 50 ms")
  }

  // MARK: - The rows

  static let retries = [1, 2, 3, 10, 62, 63, 64, 65, 1023, 1024, 1025, 1_000_000, Int.max - 1, Int.max]
  static let hugeDuration = Duration.seconds(1_000_000_000)

  static let extremes: [Backoff] = [
    .exponential(base: .nanoseconds(1), cap: hugeDuration, jitter: .none),
    .exponential(base: hugeDuration, cap: hugeDuration, multiplier: 1e300, jitter: .none),
    .exponential(base: .seconds(Int64.max), cap: .seconds(Int64.max), jitter: .none),
    .exponential(base: .nanoseconds(1), cap: .seconds(Int64.max), multiplier: 1.000_001, jitter: .none),
    .exponential(base: .zero, cap: hugeDuration, jitter: .none),
    .linear(base: .nanoseconds(1), cap: hugeDuration, jitter: .none),
    .linear(base: hugeDuration, increment: .seconds(Int64.max), cap: .seconds(Int64.max), jitter: .none),
    .constant(.seconds(Int64.max), jitter: .none),
    .custom([.nanoseconds(1), hugeDuration, .seconds(Int64.max)], jitter: .none),
  ]

  @Test(arguments: extremes)
  func row15_theEnvelopeNeitherShrinksNorOverflows(backoff: Backoff) {
    let ceilings = Self.retries.map { backoff.delay(retry: $0, seed: 1) }
    #expect(ceilings == ceilings.sorted())
    #expect(ceilings.allSatisfy { $0 >= .zero && $0 <= .nanoseconds(backoff.capNanoseconds) })

    for jitter in [Backoff.Jitter.full, .equal, .proportional(0.3), .proportional(1)] {
      let spread = backoff.with(jitter)
      for (retry, ceiling) in zip(Self.retries, ceilings) {
        for seed in [0, 1, UInt64.max] {
          #expect((.zero...ceiling).contains(spread.delay(retry: retry, seed: seed)))
        }
      }
    }
  }

  @Test(arguments: [.nanoseconds(1), .milliseconds(50), hugeDuration, .seconds(Int64.max)])
  func row15_decorrelatedStaysWithinItsBounds(base: Duration) {
    let cap = max(base, Self.hugeDuration)
    let backoff = Backoff.decorrelated(base: base, cap: cap)
    for retry in Self.retries {
      for seed in 0..<100 as Range<UInt64> {
        #expect((.zero...cap).contains(backoff.delay(retry: retry, seed: seed)))
      }
    }
  }

  static let spread: [Backoff] = [
    .exponential(base: .milliseconds(50), cap: .seconds(1)),
    .exponential(base: .milliseconds(50), cap: .seconds(1), jitter: .equal),
    .linear(base: .milliseconds(50), cap: .seconds(1)),
    .constant(.seconds(1)),
    .decorrelated(base: .milliseconds(50), cap: .seconds(1)),
    .custom([.milliseconds(50), .seconds(1)]),
  ]

  @Test(arguments: spread, [1, 3, 30])
  func row16_delaysDoNotPileUp(backoff: Backoff, retry: Int) throws {
    let delays = (0..<10_000 as Range<UInt64>).map { backoff.delayNanoseconds(retry: retry, seed: $0) }
    let longest = try #require(delays.max())
    var bins = [Int](repeating: 0, count: 100)
    for delay in delays { bins[min(99, Int(delay * 100 / longest))] += 1 }
    #expect(bins.allSatisfy { $0 <= 500 }, "\(bins)")
  }

  @Test(arguments: spread + [.constant(.seconds(1), jitter: .proportional(0.2))])
  func row17_theCapHoldsAndStillSpreads(backoff: Backoff) {
    let delays = (0..<1000 as Range<UInt64>).map { backoff.delayNanoseconds(retry: 40, seed: $0) }
    #expect(delays.allSatisfy { $0 <= 1_000_000_000 })
    #expect(Set(delays).count > 990)
    #expect(delays.contains { $0 < 850_000_000 })
    #expect(delays.contains { $0 > 950_000_000 })
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

extension Backoff {
  /// The same growth, spread.
  fileprivate func with(_ jitter: Jitter) -> Backoff {
    let (base, cap) = (Duration.nanoseconds(baseNanoseconds), Duration.nanoseconds(capNanoseconds))
    return switch growth {
    case .constant, .decorrelated: .constant(base, jitter: jitter)
    case .linear(let increment):
      .linear(base: base, increment: .nanoseconds(increment), cap: cap, jitter: jitter)
    case .exponential(let multiplier):
      .exponential(base: base, cap: cap, multiplier: multiplier, jitter: jitter)
    case .custom(let nanoseconds): .custom(nanoseconds.map { .nanoseconds($0) }, jitter: jitter)
    }
  }
}
