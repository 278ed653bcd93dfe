import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceCircuitBreaker

@Suite struct TimeWindowTests {
  private let failure = CallResult(failed: true, slow: false)

  @Test func forgetsASliceAtATime() {
    var window = TimeWindow(nanoseconds: 10_000_000_000, slices: 10)
    var tally = CallTally()
    var calls: [Int] = []
    for second in [0.5, 1.5, 9.9, 10.0, 10.9, 11.0, 19.9, 20.9, 100] {
      window.append(failure, at: .s(second), to: &tally)
      calls.append(tally.calls)
    }
    // At 10 s the slice of the first second goes, at 11 s that of the second; what comes at 20.9 s does not
    // know 10.9 s.
    #expect(calls == [1, 2, 3, 3, 4, 4, 4, 3, 1])
  }

  @Test func anEarlierInstantCountsIntoThePresentSlice() {
    var window = TimeWindow(nanoseconds: 10_000_000_000, slices: 10)
    var tally = CallTally()
    window.append(failure, at: .s(50), to: &tally)
    window.append(failure, at: .s(20), to: &tally)
    #expect(tally.calls == 2)
    window.advance(to: .s(60), &tally)
    #expect(tally.calls == 0)
  }

  @Test func worksBeforeTheClocksZero() {
    var window = TimeWindow(nanoseconds: 10_000_000_000, slices: 10)
    var tally = CallTally()
    for second in -25 ... -16 { window.append(failure, at: .s(Double(second)), to: &tally) }
    #expect(tally.calls == 10)
    window.advance(to: .s(-15), &tally)
    #expect(tally.calls == 9)
    window.advance(to: Instant(nanoseconds: .max), &tally)
    #expect(tally == CallTally())
  }

  @Test func beginsWithTheClocksFirstInstant() {
    var window = TimeWindow(nanoseconds: 10, slices: 10)
    var tally = CallTally()
    window.append(failure, at: Instant(nanoseconds: .min), to: &tally)
    window.advance(to: Instant(nanoseconds: .min + 9), &tally)
    #expect(tally.calls == 1)
    window.advance(to: Instant(nanoseconds: .min + 10), &tally)
    #expect(tally.calls == 0)
  }

  @Test(arguments: [1, 2, 10, 60])
  func countsWhatTheLatestSlicesHold(slices: Int) {
    var window = TimeWindow(nanoseconds: 60_000_000_000, slices: slices)
    var tally = CallTally()
    var reference: [(slice: Int64, result: CallResult)] = []
    let width = Int64(60_000_000_000) / Int64(slices)
    let random = SeededRandomSource(seed: UInt64(slices))
    var (now, isExact) = (Instant.s(0), true)
    for _ in 0..<500 {
      now = now.advanced(by: .milliseconds(random.next(below: 3000)))
      let result = CallResult(failed: random.next(below: 3) == 0, slow: random.next(below: 3) == 0)
      window.append(result, at: now, to: &tally)
      let slice = now.nanoseconds / width
      reference.append((slice, result))
      reference.removeAll { $0.slice <= slice - Int64(slices) }
      isExact = isExact && tally.calls == reference.count
      isExact = isExact && tally.failures == reference.count { $0.result.failed }
      isExact = isExact && tally.slow == reference.count { $0.result.slow }
    }
    #expect(isExact)
  }
}
