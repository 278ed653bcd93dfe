import Testing

@testable import ResilienceCore

@Suite struct KnownInstantTests {
  @Test func everyInstantButTheEarliestIsKnown() {
    for nanoseconds in [.min + 1, -1, 0, 1, .max] as [Int64] {
      #expect(KnownInstant(Instant(nanoseconds: nanoseconds)).instant?.nanoseconds == nanoseconds)
    }
    #expect(KnownInstant(nil).instant == nil)
    #expect(KnownInstant(Instant(nanoseconds: .min)) == .none)
  }
}
