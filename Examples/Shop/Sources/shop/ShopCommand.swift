import Foundation

@main
enum ShopCommand {
  static func main() async {
    exit(await run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs the command and returns its exit code.
  static func run(_ arguments: [String]) async -> Int32 {
    do {
      let options = try Options.parse(arguments)
      if options.isHelp {
        print(Options.help)
        return 0
      }
      if options.explains {
        for line in try DayRun.explanations { print(line) }
        return 0
      }
      for file in [options.json, options.report] { if let file { try OutputError.check(file) } }
      let content = try content(options)
      if let directory = options.journal {
        return try await play(content, in: directory, killAfter: options.killAfter)
      }
      let comparison = try DayComparison.run(
        content.lines, slashes: content.slashes, seed: options.seed
      ) { moment in
        if let line = PlainProgress.line(moment) { tell(line) }
      }
      let result = comparison.result
      let report = TextReport(comparison).lines.joined(separator: "\n")
      // With the figures on the standard output, the report makes room for them.
      if options.json == "-" { tell(report) } else { print(TerminalText.escaped(report)) }
      if let json = options.json { try result.write(to: json) }
      if let file = options.report { try OutputFile.write(ReportPage(comparison: comparison).html, to: file) }
      return result.toolkit.brokenInvariants.isEmpty ? 0 : 1
    } catch {
      tell("shop: \(error)")
      return error is InputError || error is Options.Invalid || error is OutputError ? 2 : 1
    }
  }

  private static func content(_ options: Options) throws -> InvoiceFile.Content {
    guard let file = options.invoices else {
      return InvoiceFile.Content(lines: GeneratedDay.lines(seed: options.seed))
    }
    let content = try InvoiceFile.read(file)
    try Intake.requireGoodLine(content, file: file)
    for note in content.notes { tell("\(file): \(note)") }
    return content
  }

  private static func play(
    _ content: InvoiceFile.Content, in directory: String, killAfter: Int?
  ) async throws -> Int32 {
    var intake = Intake(slashes: content.slashes)
    for line in content.lines { try? intake.take(line) }
    let day = DurableDay(invoices: intake.invoices, directory: directory, killAfter: killAfter)
    let result = try await day.run()
    print(TerminalText.escaped(result.lines.joined(separator: "\n")))
    for sentence in result.brokenInvariants { tell("broken: \(sentence)") }
    return result.brokenInvariants.isEmpty ? 0 : 1
  }

  /// Progress and complaints go to the standard error, so that the standard output is the result alone.
  private static func tell(_ text: String) {
    FileHandle.standardError.write(Data("\(TerminalText.escaped(text))\n".utf8))
  }
}
