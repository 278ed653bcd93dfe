import ResilienceCore
import ResilienceTestKit
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

  private static let deferred: UInt8 = 0x20
  private static let denied: UInt8 = 0x40

  @Test func aDecisionThatTheCallerLeftOpenIsTheRoots() {
    let open = Self.ids(5, flags: Self.deferred)
    #expect(Sampler.parentBased(root: .always).samples(open, parent: open))
    #expect(!Sampler.parentBased(root: .never).samples(open, parent: open))
  }

  @Test func whatTheCallerForbidsIsNotSampled() {
    let denied = TraceIDs(traceHigh: 0, traceLow: 0, span: 0, flags: Self.denied)
    #expect(!Sampler.parentBased(root: .always).samples(Self.ids(5), parent: denied))
    #expect(Sampler.always.samples(Self.ids(5), parent: denied))
  }

  @Test func aTraceIDWithoutASpanIsDecidedByTheRoot() {
    let reserved = TraceIDs(traceHigh: 1, traceLow: 5, span: 0, flags: 2)
    #expect(Sampler.parentBased(root: .always).samples(reserved, parent: reserved))
    #expect(!Sampler.parentBased(root: .ratio(0.5)).samples(reserved, parent: reserved))
  }

  @Test func aRateHoldsOverTimeAndABurstIsBounded() {
    let sampler = Sampler.rateLimited(10, burst: 3)
    let sampled = { (milliseconds: Int64) in
      sampler.samples(Self.ids(1), parent: .none, at: Instant(nanoseconds: milliseconds * 1_000_000))
    }
    #expect((0..<5).map { _ in sampled(0) } == [true, true, true, false, false])
    #expect([50, 99, 100, 101, 199, 200].map(sampled) == [false, false, true, false, false, true])
    #expect((0..<5).map { _ in sampled(10_000) } == [true, true, true, false, false])
    // An earlier instant takes nothing back.
    #expect(!sampled(0))
  }

  @Test(arguments: [(1e9, 1), (1e-300, 1), (0.5, 1), (2.9, 2)])
  func aRateOfAnySizeBeginsWithItsBurst(_ rate: Double, burst: Int) {
    let sampler = Sampler.rateLimited(rate)
    let now = Instant(nanoseconds: 1)
    let admitted = (0..<(burst + 1)).map { _ in sampler.samples(Self.ids(1), parent: .none, at: now) }
    #expect(admitted.filter(\.self).count == (rate == 1e9 ? 2 : burst))
  }

  @Test func aRateIsSharedByCopiesAndKeptByTheParentsDecision() {
    let sampler = Sampler.rateLimited(1)
    let copy = Sampler.parentBased(root: sampler)
    let now = Instant(nanoseconds: 0)
    #expect(copy.samples(Self.ids(1), parent: Self.ids(2, flags: 1), at: now))
    #expect(sampler.samples(Self.ids(1), parent: .none, at: now))
    #expect(!copy.samples(Self.ids(1), parent: .none, at: now))
    #expect(sampler == sampler)
    #expect(sampler != .rateLimited(1))
  }

  @Test func aRateLimitsTheTracesOfATracer() throws {
    let store = TraceStore()
    try Simulation(seed: 1).run { sim in
      let tracer = CallTracer(sampler: .parentBased(root: .rateLimited(1)), store: store)
      for _ in 0..<6 {
        await tracer.span("outer") { await tracer.span("inner") {} }
        try await sim.sleep(for: .milliseconds(500))
      }
    }
    #expect(store.allSpans.map(\.name) == ["inner", "outer", "inner", "outer", "inner", "outer"])
  }
}
