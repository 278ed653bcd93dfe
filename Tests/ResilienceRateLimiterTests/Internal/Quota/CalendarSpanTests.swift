import Foundation
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceRateLimiter

@Suite struct CalendarSpanTests {
  private static let names = [
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Cairo", "Asia/Kolkata",
    "Australia/Lord_Howe", "Pacific/Apia", "Asia/Tehran", "America/St_Johns",
  ]

  /// As in the documentation of ``CalendarZone``.
  private func zone(_ timeZone: TimeZone) -> CalendarZone {
    CalendarZone { time in
      timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.nanoseconds) / 1e9))
    }
  }

  /// Against Foundation's calendar, in zones whose clocks change at midnight, by half an hour, or over a day.
  @Test(.enabled(if: TimeZone(identifier: "Europe/Berlin") != nil), arguments: names)
  func daysAndMonthsAreThoseOfFoundation(name: String) throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(identifier: name))
    let zone = zone(calendar.timeZone)
    let random = SeededRandomSource(seed: 1)
    // Around each change of the clocks, and anywhere.
    var times: [Int64] = (0..<500).map { _ in Int64(random.next(below: 2_000_000_000)) }
    var date = Date(timeIntervalSince1970: 0)
    while let change = calendar.timeZone.nextDaylightSavingTimeTransition(after: date), times.count < 1500 {
      for hours in [-30, -25, -1, 0, 1, 2, 23, 30] {
        times.append(Int64(change.timeIntervalSince1970) + Int64(hours) * 3600)
      }
      date = change
    }
    for seconds in times {
      let time = UnixTime(nanoseconds: seconds * 1_000_000_000)
      for (period, component) in [(CalendarPeriod.day, Calendar.Component.day), (.month, .month)] {
        let span = CalendarSpan(period, at: time, in: zone)
        let interval = try #require(
          calendar.dateInterval(of: component, for: Date(timeIntervalSince1970: Double(seconds))))
        #expect(
          span.starts / 1_000_000_000 == min(seconds, midnight(interval.start, calendar)), "\(time) \(period)"
        )
        #expect(span.ends / 1_000_000_000 == midnight(interval.end, calendar), "\(time) \(period)")
      }
    }
  }

  /// Where the clocks show it twice, we take the second one, and Foundation the first.
  private func midnight(_ date: Date, _ calendar: Calendar) -> Int64 {
    let again = [3600.0, 7200].map(date.addingTimeInterval).last { later in
      calendar.component(.hour, from: later) == 0 && calendar.component(.minute, from: later) == 0
    }
    return Int64((again ?? date).timeIntervalSince1970)
  }

  @Test func leapYearsAndCenturies() {
    for (year, days) in [(1900, 28), (1972, 29), (2000, 29), (2023, 28), (2100, 28), (2104, 29)] {
      let date = CivilDate(year: Int64(year), month: 2, day: 10)
      let time = UnixTime(nanoseconds: date.daysSinceEpoch * 86_400_000_000_000)
      let span = CalendarSpan(.month, at: time, in: .utc)
      #expect((span.ends - span.starts) / 86_400_000_000_000 == Int64(days), "\(time)")
    }
  }
}
