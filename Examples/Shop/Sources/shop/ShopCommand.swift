import Foundation

@main
enum ShopCommand {
  static func main() {
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs the command and returns its exit code.
  static func run(_ arguments: [String]) -> Int32 {
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

  /// Progress and complaints go to the standard error, so that the standard output is the result alone.
  private static func tell(_ line: String) {
    FileHandle.standardError.write(Data("\(line)\n".utf8))
  }
}
