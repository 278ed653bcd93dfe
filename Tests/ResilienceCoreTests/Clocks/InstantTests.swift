import Testing

@testable import ResilienceCore

@Suite struct InstantTests {
  @Test(arguments: [
    (Int64.max, Int64(1), Int64.max), (Int64.min, Int64(-1), Int64.min), (5, -7, -2), (0, .max, .max),
  ])
  func advancingSaturates(start: Int64, step: Int64, expected: Int64) {
    #expect(Instant(nanoseconds: start).advanced(byNanoseconds: step).nanoseconds == expected)
  }

  @Test(
    arguments: [
      (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(-3), -3_000_000), (.seconds(Int64.max), .max),
      (.seconds(Int64.min), .min), (Duration(secondsComponent: 0, attosecondsComponent: 1), 0),
    ] as [(Duration, Int64)])
  func durationsBecomeNanosecondsClamped(duration: Duration, expected: Int64) {
    #expect(duration.clampedNanoseconds == expected)
  }

  @Test func theEarlierDeadlineHolds() {
    let early = Deadline(at: Instant(nanoseconds: 5))
    #expect(early.earlier(.never) == early)
    #expect(Deadline.never.earlier(early) == early)
    #expect(early.hasPassed(at: Instant(nanoseconds: 5)))
    #expect(!early.hasPassed(at: Instant(nanoseconds: 4)))
    #expect(early.remainingNanoseconds(at: Instant(nanoseconds: 9)) == 0)
    #expect(Deadline.never.remainingNanoseconds(at: Instant(nanoseconds: 9)) == .max)
  }

  @Test(arguments: [
    (Int64(0), "1970-01-01T00:00:00Z"), (951_782_400_000_000_000, "2000-02-29T00:00:00Z"),
    (1_291_191_960_000_000_000, "2010-12-01T08:26:00Z"), (-1_000_000, "1969-12-31T23:59:59.999Z"),
    (1_000_001_000, "1970-01-01T00:00:01.000001Z"), (1, "1970-01-01T00:00:00.000000001Z"),
    (4_107_542_400_000_000_000, "2100-03-01T00:00:00Z"),
  ])
  func wallClockTimesAreRFC3339(nanoseconds: Int64, text: String) {
    #expect(UnixTime(nanoseconds: nanoseconds).description == text)
  }
}
