import ResilienceCore
import Testing

@testable import ResilienceBulkhead

/// A destination some of whose calls always fail, for reasons of their own, is neither out nor back.
@Suite struct SteadyFailuresTests {
  /// What else becomes of it when the failures begin.
  enum Change: CaseIterable {
    case none, grows, shrinks, becomesSlower
  }

  /// One call in ten, more or less, is about where a round of calls counts as failing, or not, by chance.
  @Test(arguments: Change.allCases, [5, 8, 10, 12, 15, 20, 30, 50])
  func theLimitIsWhatItIsWithoutThem(change: Change, percent: UInt64) {
    var destination = Destination(.constant, places: change == .grows ? 16 : 64)
    var limit = AdaptiveLimit(AdaptiveLimitPolicy())
    _ = destination.run(20_000, through: &limit)
    var draws = percent
    destination.outcome = { _ in
      draws &+= 1
      return SplitMix64.mix(draws &* SplitMix64.gamma) % 100 < percent ? .failure : .success
    }
    switch change {
    case .none: break
    case .grows: destination.places = 64
    case .shrinks: destination.places = 16
    case .becomesSlower: destination.meanServiceTime *= 3
    }
    _ = destination.run(20_000, through: &limit)
    let figures = destination.run(20_000, through: &limit)
    #expect(figures.share > 0.9, "\(figures)")
    #expect(figures.most < 2 * destination.places, "\(figures)")
  }
}
