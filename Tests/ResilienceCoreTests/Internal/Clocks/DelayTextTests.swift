import ResilienceCore
import Testing

@Suite struct DelayTextTests {
  @Test(arguments: [
    (Duration.seconds(-1), "0 s"), (.zero, "0 s"), (.nanoseconds(1) / 2, "1 ms"), (.nanoseconds(1), "1 ms"),
    (.milliseconds(12), "12 ms"), (.microseconds(12_001), "13 ms"), (.milliseconds(999), "999 ms"),
    (.microseconds(999_001), "1 s"), (.seconds(1), "1 s"), (.milliseconds(1_900), "1.9 s"),
    (.milliseconds(1_901), "2 s"), (.nanoseconds(22_897_310_855_612), "22897.4 s"),
    (.seconds(Int64.max), "9223372036.9 s"),
  ])
  func isRoundedUp(duration: Duration, text: String) {
    #expect(duration.delayText == text)
  }
}
