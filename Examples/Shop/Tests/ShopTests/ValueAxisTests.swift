import Testing

@testable import shop

@Suite struct ValueAxisTests {
  @Test(arguments: [
    (0.0, ["0", "0.5", "1"]), (3.0, ["0", "1", "2", "3"]), (129.0, ["0", "50", "100", "150"]),
    (30_000.0, ["0", "10000", "20000", "30000"]),
  ])
  func evenStepsAreRound(highest: Double, labels: [String]) {
    let axis = ValueAxis(highest: highest)
    #expect(axis.ticks.map(axis.label) == labels)
    #expect(axis.height(highest) <= 1)
    #expect(axis.height(0) == 0)
  }

  @Test func tenfoldStepsKeepWhatIsSmallVisible() {
    let axis = ValueAxis(highest: 30, scale: .tenfold(first: 0.1))
    #expect(axis.ticks.map(axis.label) == ["0", "0.1", "1", "10"])
    #expect(axis.height(0) == 0)
    #expect(axis.height(0.2) > 0.1)
    #expect(axis.height(30) < 1)
  }

  @Test func theTimesOfDayAreFullSteps() {
    let day = TimeAxis(seconds: 9 * 3600, day: DayClock(opening: 8 * 3600 + 120))
    #expect(
      day.ticks(atMost: 9).map(day.label)
        == [9, 10, 11, 12, 13, 14, 15, 16, 17].map { $0 < 10 ? "0\($0):00" : "\($0):00" })
    #expect(day.ticks(atMost: 5).map(day.label) == ["10:00", "12:00", "14:00", "16:00"])
    #expect(TimeAxis(seconds: 10, day: DayClock(opening: 30)).ticks(atMost: 9) == [])
  }
}
