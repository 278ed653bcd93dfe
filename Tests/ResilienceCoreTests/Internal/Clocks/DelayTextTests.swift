import ResilienceCore
import Testing

@Suite struct DelayTextTests {
  @Test(arguments: [
    (Duration.seconds(-1), "0 s"), (.zero, "0 s"), (.nanoseconds(1) / 2, "1 ms"), (.nanoseconds(1), "1 ms"),
    (.milliseconds(12), "12 ms"), (.microseconds(12_001), "13 ms"), (.milliseconds(999), "999 ms"),
    (.microseconds(999_001), "1 s"), (.seconds(1), "1 s"), (.milliseconds(1_900), "1.9 s"),
    (.milliseconds(1_901), "2 s"), (.milliseconds(599_950), "600 s"), (.seconds(600), "600 s"),
    (.milliseconds(600_001), "11 min"),
    (.seconds(1200), "20 min"), (.milliseconds(3_599_999), "1 h"), (.milliseconds(3_600_001), "1 h 1 min"),
    (.nanoseconds(22_897_310_855_612), "6 h 22 min"), (.nanoseconds(73_907_900_000_000), "20 h 32 min"),
    (.seconds(Int64.max), "2562047 h 48 min"),
  ])
  func isRoundedUp(duration: Duration, text: String) {
    #expect(duration.delayText == text)
  }
}
