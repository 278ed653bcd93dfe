/// What the command line asks for.
struct Options: Equatable {
  var invoices: String?
  var seed: UInt64 = 7
  var json: String?
  var report: String?
  var journal: String?
  var killAfter: Int?
  var explains = false
  var isQuiet = false
  var isRealTime = false
  var isHelp = false

  struct Invalid: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  static let help = """
    shop: an event-driven shop lives through a bad day, twice: with bare calls, and with swift-resilience.

    USAGE: shop [--invoices FILE] [--seed N] [--json FILE] [--report FILE.html] [--quiet]
           shop --real-time [--invoices FILE] [--seed N]
           shop --journal DIR [--invoices FILE] [--seed N] [--kill-after N]
           shop --explain

      --invoices FILE   a day of invoices in the columns of the UCI "Online Retail" data set:
                        \(InvoiceLine.columns.joined(separator: ","))
                        Without it, a day is generated from the seed.
      --seed N          decides the interleaving, the latencies and the faults' dice; the same seed and input give
                        the same output to the byte. Default: 7.
      --json FILE       writes the figures as JSON, "-" for standard output. The fields are described in
                        Examples/Shop/README.md.
      --report FILE     writes the day as one page of HTML: plots over the day, invariants, the slowest order's
                        trace, the service graph. It needs no script and nothing from elsewhere. "-" for standard
                        output.
      --quiet           shows no progress. Without it a terminal has a live view, and a pipe a line for each hour.
      --real-time       plays the day with the toolkit on the system's clock, in two minutes, to watch it.
      --journal DIR     plays the day's orders on the real clock, with events and books on the disk in DIR. Killed at
                        any moment and started again with the same input, it goes on where it was.
      --kill-after N    with --journal: kills itself (SIGKILL) after N handled events, for tests.
      --explain         prints what protects each call and each delivery, from the outside in, and ends.
      --help            prints this.

    EXIT CODES: 0 all invariants hold (with the toolkit); 1 one is broken, or the day could not be
    played; 2 the input or an option is not usable.
    """

  static func parse(_ arguments: [String]) throws(Invalid) -> Options {
    var options = Options()
    var rest = arguments[...]
    var seen: Set<String> = []
    while let name = rest.popFirst() {
      if name.hasPrefix("-"), !seen.insert(name).inserted {
        throw Invalid(description: "\(name): was given twice; see --help")
      }
      switch name {
      case "--help", "-h": options.isHelp = true
      case "--quiet": options.isQuiet = true
      case "--real-time": options.isRealTime = true
      case "--explain": options.explains = true
      case "--invoices": options.invoices = try value(of: name, from: &rest)
      case "--json": options.json = try value(of: name, from: &rest)
      case "--report": options.report = try value(of: name, from: &rest)
      case "--journal": options.journal = try value(of: name, from: &rest)
      case "--kill-after":
        let text = try value(of: name, from: &rest)
        guard let count = Int(text), count >= 1 else {
          throw Invalid(description: "--kill-after: expected a whole number from 1, found \"\(text)\"")
        }
        options.killAfter = count
      case "--seed":
        let text = try value(of: name, from: &rest)
        guard let seed = UInt64(text) else {
          throw Invalid(description: "--seed: expected a whole number from 0 to 2^64 - 1, found \"\(text)\"")
        }
        options.seed = seed
      default: throw Invalid(description: "unknown option \"\(name)\"; see --help")
      }
    }
    try refuseNonsense(seen, options)
    return options
  }

  /// Options that are of no use beside another one.
  private static let conflicts: [(option: String, others: [String])] = [
    ("--journal", ["--json", "--report", "--quiet", "--real-time"]),
    ("--real-time", ["--json", "--report", "--quiet"]),
    (
      "--explain",
      ["--invoices", "--seed", "--json", "--report", "--quiet", "--real-time", "--journal", "--kill-after"]
    ),
  ]

  private static func refuseNonsense(_ seen: Set<String>, _ options: Options) throws(Invalid) {
    guard !options.isHelp else { return }
    if options.killAfter != nil, options.journal == nil {
      throw Invalid(description: "--kill-after: needs --journal; see --help")
    }
    for conflict in conflicts where seen.contains(conflict.option) {
      guard let other = conflict.others.first(where: seen.contains) else { continue }
      throw Invalid(description: "\(other): not with \(conflict.option); see --help")
    }
    let invoices = options.invoices == "-" ? nil : options.invoices
    let files = [("--invoices", invoices), ("--json", options.json), ("--report", options.report)]
    for (index, (name, file)) in files.enumerated() {
      guard let file, let same = files[..<index].first(where: { $0.1 == file }) else { continue }
      let what = file == "-" ? "the standard output" : "\"\(file)\""
      throw Invalid(description: "\(name): \(what) is what \(same.0) names already; see --help")
    }
  }

  private static func value(
    of name: String, from rest: inout ArraySlice<String>
  ) throws(Invalid) -> String {
    guard let value = rest.popFirst(), !value.hasPrefix("--") else {
      throw Invalid(description: "\(name): expected a value; see --help")
    }
    return value
  }
}
