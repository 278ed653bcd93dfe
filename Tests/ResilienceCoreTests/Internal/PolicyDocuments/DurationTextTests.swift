import ResilienceCore
import Testing

@Suite struct DurationTextTests {
  @Test(arguments: [
    (Duration.zero, "0s"), (.nanoseconds(1), "1ns"), (.microseconds(1_500), "1500us"), (.seconds(90), "90s"),
    (.seconds(120), "2min"), (.seconds(7_200), "2h"), (.nanoseconds(Int64.max), "9223372036854775807ns"),
  ])
  func theLargestWholeUnitIsWritten(duration: Duration, text: String) {
    #expect(DurationText(duration).description == text)
    #expect(DurationText(text)?.duration == duration)
  }

  @Test func whatIsMoreThanNothingIsNotWrittenAsNothing() {
    #expect(DurationText(Duration(secondsComponent: 0, attosecondsComponent: 1)).description == "1ns")
  }

  @Test(arguments: ["", "5", "s", "-5s", "+5s", "5 s", "5S", "1.5s", "٣s", "9223372036854775808ns"])
  func whatIsNoDurationIsNotRead(text: String) {
    #expect(DurationText(text) == nil)
  }
}
