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
      let lines = try options.invoices.map(InvoiceFile.read) ?? GeneratedDay.lines(seed: options.seed)
      if let directory = options.journal {
        return try await play(lines, in: directory, killAfter: options.killAfter)
      }
      let (result, troubledOrder) = try DayComparison.run(lines, seed: options.seed, progress: tell)
      let report = TextReport(result: result, troubledOrder: troubledOrder).lines.joined(separator: "\n")
      // With the figures on the standard output, the report makes room for them.
      if options.json == "-" { tell(report) } else { print(report) }
      if let json = options.json { try result.write(to: json) }
      return result.toolkit.brokenInvariants.isEmpty ? 0 : 1
    } catch {
      tell("shop: \(error)")
      return error is InputError || error is Options.Invalid || error is OutputError ? 2 : 1
    }
  }

  private static func play(
    _ lines: [InvoiceLine], in directory: String, killAfter: Int?
  ) async throws -> Int32 {
    var intake = Intake()
    for line in lines { try? intake.take(line) }
    let day = DurableDay(invoices: intake.invoices, directory: directory, killAfter: killAfter)
    let result = try await day.run()
    print(result.lines.joined(separator: "\n"))
    for sentence in result.brokenInvariants { tell("broken: \(sentence)") }
    return result.brokenInvariants.isEmpty ? 0 : 1
  }

  /// Progress and complaints go to the standard error, so that the standard output is the result alone.
  private static func tell(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }
}
