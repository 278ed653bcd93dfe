import Foundation
import Resilience
import ResilienceTestKit
import Synchronization
import Testing

@testable import shop

@Suite struct LiveViewTests {
  private static let faults = FaultSchedule(
    openSeconds: 30_000, busiestSecond: 9000, busyRequestsPerSecond: 1)

  private func moment(_ second: Int, isProtected: Bool = true) -> DayComparison.Moment {
    let states: [(String, BreakerPhase)] = [
      ("inventory-1", .closed), ("payment", .open), ("product", .closed),
    ]
    let breakers = states.map { DaySample.BreakerState(name: $0.0, state: $0.1) }
    return DayComparison.Moment(
      isProtected: isProtected,
      sample: DaySample(
        second: second, shipped: isProtected ? 50 : 40, answered: 900, failed: isProtected ? 0 : 12,
        slowMilliseconds: 149.6, queued: 7, retries: 20, budget: 3, refusedRetries: 2, redeliveries: 11,
        limited: 400, breakers: isProtected ? breakers : []),
      day: DayClock(opening: 9 * 3600), faults: Self.faults, orders: 129)
  }

  @Test func aFrameSaysWhatIsBrokenAndWhatTheCustomersSee() {
    let lines = LiveFrame(moment: moment(9060), bare: moment(9060, isProtected: false).sample).lines
    #expect(
      lines == [
        "The shop's bad day, with the toolkit, at 11:31",
        "[############............................] 30 % of the day",
        "",
        "broken now  slow payments: the payment provider takes 3 to 5 seconds, and",
        "            every second answer is lost",
        "            robots: two robots ask for ten times what all customers of the",
        "            busiest minute ask for",
        "orders      50 of 129 shipped (bare: 40)", "customers   900 requests answered (bare: 900)",
        "            0 failed (bare: 12)", "            slowest 1 % in the last minute: 150 ms",
        "breakers    payment open", "            closed: inventory-1, product",
        "retries     20, 2 more refused by the budget; 3 left now",
        "bus         events not settled: 7, redeliveries: 11", "rate limit  400 requests refused",
      ])
    #expect(LiveFrame(moment: moment(60, isProtected: false)).lines.contains("broken now  nothing"))
  }

  @Test func aMomentIsShownForFiveMinutes() {
    let poison = Self.faults.faults[4]
    #expect([4499, 4500, 4799, 4800].map(poison.isUnderWay) == [false, true, true, false])
  }

  @Test func theRunWithTheToolkitIsShownBesideTheBareOneAtTheSameTime() {
    let screens = Mutex<[[String]]>([])
    let view = LiveView { lines in screens.withLock { $0.append(lines) } }
    view.show(moment(0, isProtected: false))
    view.show(moment(0))
    view.show(moment(60))
    let orders = screens.withLock { $0 }.map { $0.first { $0.hasPrefix("orders") } }
    #expect(
      orders == [
        "orders      40 of 129 shipped", "orders      50 of 129 shipped (bare: 40)",
        "orders      50 of 129 shipped",
      ])
  }

  @Test func aFrameIsDrawnOverTheLastOneAndFitsTheScreen() {
    let frame = Terminal.frame(["abcdef", "g\u{1B}[2J", "h"], Terminal.Size(rows: 2, columns: 4))
    #expect(frame == "\u{1B}[Habcd\u{1B}[K\r\ng\\u{1b}[2\u{1B}[K\u{1B}[J")
    #expect(!frame.contains("\u{1B}[2J"))
  }

  @Test func aPipeGetsALineForEachHour() {
    #expect(PlainProgress.line(moment(7200)) == "with toolkit 11:00  50 of 129 orders shipped")
    #expect(PlainProgress.line(moment(7260)) == nil)
  }

  @Test(arguments: [[], ["--quiet"]])
  func nothingMovesTheCursorOfAPipe(arguments: [String]) throws {
    let scratch = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: scratch) }
    let lines = [
      InvoiceLine.columns.joined(separator: ","), "1,12345,MUG,1,2010-12-01 10:00:00,1.50,17850,UK",
      "2,12345,MUG,1,2010-12-01 11:30:00,1.50,17850,UK", "",
    ]
    try lines.joined(separator: "\n").write(to: scratch, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = try ShopProgram.url()
    process.arguments = ["--invoices", scratch.path] + arguments
    let (output, progress) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = progress
    try process.run()
    let report = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let told = String(decoding: progress.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(report.contains("toolkit 2 of 2 were shipped"))
    #expect(!(report + told).contains("\u{1B}"))
    #expect(told.isEmpty == !arguments.isEmpty)
  }
}
