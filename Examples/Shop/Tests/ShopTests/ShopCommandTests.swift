import Foundation
import Testing

@testable import shop

@Suite struct ShopCommandTests {
  @Test func optionsAreRead() throws {
    #expect(try Options.parse([]) == Options())
    let all = try Options.parse(["--invoices", "a.csv", "--seed", "12", "--json", "-"])
    #expect(all == Options(invoices: "a.csv", seed: 12, json: "-"))
    #expect(try Options.parse(["--help"]).isHelp)
    let report = try Options.parse(["--report", "day.html", "--quiet"])
    #expect(report == Options(report: "day.html", isQuiet: true))
    #expect(try Options.parse(["--real-time", "--seed", "3"]) == Options(seed: 3, isRealTime: true))
    let durable = try Options.parse(["--journal", "day", "--kill-after", "3"])
    #expect(durable == Options(journal: "day", killAfter: 3))
  }

  @Test(arguments: [
    ["--seed", "-1"], ["--seed"], ["--seed", "x"], ["--what"], ["file.csv"], ["--invoices"],
    ["--json", "--seed", "7"], ["--journal"], ["--kill-after", "3"], ["--kill-after", "0", "--journal", "d"],
    ["--json", "-", "--journal", "d"], ["--seed", "1", "--seed", "2"], ["--explain", "--explain"],
    ["--report"], ["--report", "-", "--json", "-"], ["--report", "a", "--json", "a"],
    ["--report", "a", "--invoices", "a"], ["--json", "a", "--invoices", "a"],
    ["--report", "a", "--journal", "d"], ["--quiet", "--journal", "d"], ["--real-time", "--journal", "d"],
    ["--json", "a", "--real-time"], ["--report", "a", "--real-time"], ["--quiet", "--real-time"],
    ["--seed", "1", "--explain"], ["--report", "a", "--explain"], ["--quiet", "--quiet"],
  ])
  func anOptionThatIsWrongIsNamed(arguments: [String]) async throws {
    let error = try #require(throws: Options.Invalid.self) { try Options.parse(arguments) }
    #expect(error.description.contains(arguments[0]))
    #expect(await ShopCommand.run(arguments) == 2)
  }

  @Test func everyStackSaysWhatItIs() async throws {
    #expect(try Options.parse(["--explain"]).explains)
    let lines = try DayRun.explanations
    #expect(
      lines.contains {
        $0.hasPrefix("payment.provider: trace → deadline 8 s → retry 3 (exponential 200 ms")
          && $0.hasSuffix("circuit breaker payment → timeout 2 s → idempotent")
      })
    #expect(lines.contains { $0.hasPrefix("gateway: deadline 4 s → rate limit gateway") })
    #expect(lines.contains { $0.contains("balanced inventory") })
    #expect(lines.contains { $0.hasPrefix("logistics stock_updated: trace") && $0.contains("deduplicate") })
    #expect(await ShopCommand.run(["--explain"]) == 0)
  }

  @Test func inputThatCannotBeReadEndsWithTwo() async {
    #expect(await ShopCommand.run(["--invoices", "/nowhere/a.csv"]) == 2)
    #expect(await ShopCommand.run(["--journal", "/dev/null/day"]) == 2)
    #expect(await ShopCommand.run(["--invoices", "/tmp"]) == 2)
  }

  @Test(arguments: ["/tmp", "/nowhere/a.json", "/dev/null/a.json"])
  func aTargetThatCannotBeWrittenIsSaidAtOnce(file: String) async {
    #expect(throws: OutputError.self) { try OutputError.check(file) }
    #expect(await ShopCommand.run(["--json", file]) == 2)
    #expect(await ShopCommand.run(["--report", file]) == 2)
  }

  @Test func nothingOfAFileMovesTheCursor() {
    let text = TerminalText.escaped("a\u{1B}[2J\u{7}\r\n\u{202E}b\u{9B}é")
    #expect(text == "a\\u{1b}[2J\\u{7}\\u{d}\n\\u{202e}b\\u{9b}é")
  }
}
