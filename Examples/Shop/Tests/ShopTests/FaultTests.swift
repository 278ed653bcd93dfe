import Foundation
import Testing

@testable import shop

@Suite struct FaultTests {
  private let faults = FaultSchedule(openSeconds: 30_000, busiestSecond: 9000, busyRequestsPerSecond: 1)
    .faults

  @Test func theCodeThatSavedTheDayIsWhereTheReportSaysItIs() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/shop")
    for fault in faults {
      #expect(!fault.lines.isEmpty)
      for line in fault.lines {
        let text = try String(contentsOf: sources.appendingPathComponent(line.file), encoding: .utf8)
        // The source may break the line where the report does not.
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains(line.code), "\(line.file): \(line.code)")
      }
    }
  }

  @Test func everyFaultHasItsTime() {
    let day = DayClock(opening: 9 * 3600)
    #expect(
      faults.map { "\($0.name), \($0.timeText(day))" } == [
        "slow payments, from 11:05 to 11:55", "dead server, from 12:30 to 13:20",
        "flaky server, from 13:35 to 15:40", "robots, from 11:30 to 11:36",
        "poison event, at 10:15, 13:10 and 16:30", "duplicates, all day",
        "late request, at 10:40, 10:45, 15:15 and 16:55",
      ])
  }
}
