import ResilienceCore
import ResilienceTestKit
import Testing

@Suite struct RetryAfterTests {
  /// 2015-10-21T07:27:00Z
  private let now = UnixTime(nanoseconds: 1_445_412_420_000_000_000)

  private static let readable: [(field: String, seconds: Int64)] = [
    ("0", 0), ("120", 120), (" 7\t", 7), ("007", 7), ("99999999999999999999999", 1 << 31),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 60), ("Wednesday, 21-Oct-15 07:28:00 GMT", 60),
    ("Wed Oct 21 07:28:00 2015", 60), ("Sun Nov  6 08:49:37 1994", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
    ("Sunday, 06-Nov-94 08:49:37 GMT", 0), ("Thu, 22 Oct 2015 07:27:00 GMT", 86_400),
    ("Mon, 29 Feb 2016 00:00:00 GMT", 11_291_580), ("Wed, 21 Oct 2015 07:27:60 GMT", 60),
  ]

  @Test(arguments: readable)
  func readsSecondsAndDates(field: String, seconds: Int64) {
    #expect(RetryAfter(field, at: now)?.delay == .seconds(seconds))
  }

  @Test(arguments: [
    ("1.5", 1_500_000_000), ("0.25", 250_000_000), ("0.0", 0), (" 2.000\t", 2_000_000_000),
    ("0.0000000001", 1), ("1.0000000000", 1_000_000_000), ("0.9999999999", 1_000_000_000),
    ("99999999999999999999.9", 1_000_000_000 << 31),
  ])
  func row69_fractionsOfASecondAreKept(field: String, nanoseconds: Int64) {
    #expect(RetryAfter(field, at: now)?.delay == .nanoseconds(nanoseconds))
  }

  @Test func aDateBeyondTheClockIsFarAway() throws {
    let delay = try #require(RetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", at: now)?.delay)
    #expect(delay > .seconds(7_000_000_000))
  }

  @Test(arguments: [
    "", " ", "-1", "+1", "1.", ".5", "1.5s", "1.-5", "1.5.5", "1,5", "5s", "1 s", "soon", "٣", "Wed", "Wed,",
    "Wed, ", "Wed, 21 Oct 2015 07:28:00",
    "Wed, 21 Oct 2015 07:28:00 UTC", "Wed, 21 Oct 2015 07:28:00 GMT!", "Wed, 32 Oct 2015 07:28:00 GMT",
    "Tue, 29 Feb 2015 00:00:00 GMT", "Wed, 00 Oct 2015 07:28:00 GMT", "Wed, 21 oct 2015 07:28:00 GMT",
    "Wed, 21 Oct 2015 24:28:00 GMT", "Wed, 21 Oct 2015 07:60:00 GMT", "Wed, 21 Oct 2015 7:28:00 GMT",
    "Wed, 21-Oct-15 07:28:00 GMT", "Wednesday, 21 Oct 2015 07:28:00 GMT", "Xyz, 21 Oct 2015 07:28:00 GMT",
    "2015-10-21T07:28:00Z", "Wed Oct 21 07:28:00 2015 GMT",
  ])
  func isNothingForAnythingElse(field: String) {
    #expect(RetryAfter(field, at: now) == nil)
  }

  /// Every seventh day for two centuries, in the spelling of Core's own calendar.
  @Test func datesAreThoseOfTheCalendar() {
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    for day in stride(from: 0, to: 80_000, by: 11) {
      let text = UnixTime(nanoseconds: Int64(day) * 86_400_000_000_000).description
      guard let month = Int(text.dropFirst(5).prefix(2)) else { continue }
      let date = "\(text.dropFirst(8).prefix(2)) \(months[month - 1]) \(text.prefix(4))"
      let field = "\(weekdays[day % 7]), \(date) 00:00:00 GMT"
      #expect(RetryAfter(field, at: UnixTime(nanoseconds: 0))?.delay == .seconds(86_400 * day))
    }
  }

  @Test func neverTrapsOnMangledFields() {
    let random = SeededRandomSource(seed: 5)
    let fields = ["Wed, 21 Oct 2015 07:28:00 GMT", "Wednesday, 21-Oct-15 07:28:00 GMT", "120"]
    for _ in 0..<5000 {
      var bytes = Array(fields[random.next(below: fields.count)].utf8)
      for _ in 0...random.next(below: 4) {
        bytes[random.next(below: bytes.count)] = UInt8(random.next(below: 256))
        if random.next(below: 6) == 0 { bytes.remove(at: random.next(below: bytes.count)) }
        if bytes.isEmpty { bytes = [0x31] }
      }
      let delay = RetryAfter(String(decoding: bytes, as: UTF8.self), at: UnixTime(nanoseconds: .max))?.delay
      #expect(delay.map { $0 >= .zero } ?? true)
    }
  }

  @Test func isWrittenInWholeSecondsRoundedUp() {
    #expect("\(RetryAfter(.zero))" == "0")
    #expect("\(RetryAfter(.nanoseconds(1)))" == "1")
    #expect("\(RetryAfter(.milliseconds(2000)))" == "2")
    #expect("\(RetryAfter(.milliseconds(2001)))" == "3")
    #expect("\(RetryAfter(.seconds(-5)))" == "0")
  }
}
