import ResilienceCore
import ResilienceTrace
import Testing

@Suite struct SamplerTests {
  private static func ids(_ low: UInt64, flags: UInt8 = 0) -> TraceIDs {
    TraceIDs(traceHigh: 1, traceLow: low, span: 1, flags: flags)
  }

  @Test(arguments: [
    (Sampler.always, UInt64(0), true),
    (.always, .max, true),
    (.never, .max, false),
    (.ratio(1), 0, true),
    (.ratio(0), .max, false),
    (.ratio(0.5), 0x80_0000_0000_0000, true),
    (.ratio(0.5), 0x7F_FFFF_FFFF_FFFF, false),
    (.ratio(0.5), 0xFF7F_FFFF_FFFF_FFFF, false),  // the upper byte is not random in all systems
    (.ratio(0.25), 0xC0_0000_0000_0000, true),
    (.ratio(0.25), 0xBF_FFFF_FFFF_FFFF, false),
    (.parentBased(root: .ratio(0.25)), 0xC0_0000_0000_0000, true),
    (.parentBased(root: .never), .max, false),
  ])
  func decidesForTheFirstSpanOfATrace(_ sampler: Sampler, low: UInt64, isSampled: Bool) {
    #expect(sampler.samples(Self.ids(low), parent: .none) == isSampled)
  }

  @Test(arguments: [Sampler.always, .never, .ratio(0.5)])
  func parentBasedFollowsTheParent(_ root: Sampler) {
    let sampler = Sampler.parentBased(root: root)
    #expect(sampler.samples(Self.ids(5), parent: Self.ids(5, flags: 1)))
    #expect(!sampler.samples(Self.ids(5), parent: Self.ids(5, flags: 2)))
  }

  @Test func lowerRatioSamplesAPartOfTheHigher() {
    let random = SeededRandomSource(seed: 1)
    var counts = (low: 0, high: 0)
    for _ in 0..<10_000 {
      let ids = Self.ids(random.next())
      let (low, high) = (
        Sampler.ratio(0.1).samples(ids, parent: .none), Sampler.ratio(0.3).samples(ids, parent: .none)
      )
      #expect(!low || high)
      counts.low += low ? 1 : 0
      counts.high += high ? 1 : 0
    }
    #expect(counts == (963, 3028))
  }
}
