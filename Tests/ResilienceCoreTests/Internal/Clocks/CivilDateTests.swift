import Testing

@testable import ResilienceCore

@Suite struct CivilDateTests {
  /// Every day of eight centuries, one after the other.
  @Test func countsDayByDay() {
    var date = CivilDate(year: 1600, month: 1, day: 1)
    for number in date.daysSinceEpoch..<(date.daysSinceEpoch + 2 * 146_097) {
      #expect(CivilDate(daysSinceEpoch: number) == date)
      #expect(date.daysSinceEpoch == number)
      let isLeap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      date.day += 1
      if date.day > lengths[Int(date.month) - 1] { date = date.nextMonth }
    }
    #expect(date == CivilDate(year: 2400, month: 1, day: 1))
    #expect(CivilDate(daysSinceEpoch: 0) == CivilDate(year: 1970, month: 1, day: 1))
  }
}
