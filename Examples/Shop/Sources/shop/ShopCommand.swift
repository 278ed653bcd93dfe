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
      let watch = DayWatch(isQuiet: options.isQuiet)
      return options.isRealTime
        ? try await playInRealTime(content, options, watch) : try await compare(content, options, watch)
    } catch {
      tell("shop: \(error)")
      return error is InputError || error is Options.Invalid || error is OutputError ? 2 : 1
    }
  }

  private static func compare(
    _ content: InvoiceFile.Content, _ options: Options, _ watch: DayWatch
  ) async throws -> Int32 {
    let comparison = try await watch.during {
      try DayComparison.run(
        content.lines, slashes: content.slashes, seed: options.seed, progress: watch.show)
    }
    let report = TextReport(comparison).lines.joined(separator: "\n")
    // What is asked for on the standard output has it for itself.
    if [options.json, options.report].contains("-") {
      tell(report)
    } else {
      print(TerminalText.escaped(report))
    }
    if let json = options.json { try comparison.result.write(to: json) }
    if let file = options.report { try OutputFile.write(ReportPage(comparison: comparison).html, to: file) }
    return comparison.result.toolkit.brokenInvariants.isEmpty ? 0 : 1
  }

  private static func playInRealTime(
    _ content: InvoiceFile.Content, _ options: Options, _ watch: DayWatch
  ) async throws -> Int32 {
    let result = try await watch.during {
      try await RealTimeDay(content: content).run(watch.show)
    }
    print(TerminalText.escaped(RealTimeDay.lines(result).joined(separator: "\n")))
    return result.figures.brokenInvariants.isEmpty ? 0 : 1
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
