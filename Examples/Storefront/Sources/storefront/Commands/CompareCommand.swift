import ArgumentParser
import Foundation

/// The shop beside one that calls without the toolkit, in pairs.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Measure the shop beside one whose calls are bare, in pairs.",
    discussion: """
      Both run all the time, and one of them is asked: bare and with all patterns, then with all patterns and bare, and \
      so on. Build it for release, and leave the machine alone. It needs Linux.
      """)

  @Option(help: "How long one measurement takes, in seconds.")
  var seconds = 5

  @Option(help: "How many pairs there are for each kind of request.")
  var pairs = 5

  @Option(help: "Requests that are under way at once.")
  var places = 16

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    for (name, value) in [("--seconds", seconds), ("--pairs", pairs), ("--places", places)] {
      guard (1...1000).contains(value) else {
        throw ValidationError("\(name) \(value) is not from 1 to 1000")
      }
    }
  }

  func run() async throws {
    let folder = NSTemporaryDirectory() + "storefront-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let (bare, full) = (
      try supervisor("\(folder)/bare", isBare: true), try supervisor("\(folder)/full", isBare: false)
    )
    try await Interruption.watching {
      print(try await bare.run { try await full.run { try await compare(bare, full) } })
    }
  }

  /// More than anybody orders here: the limit is there, and holds nobody up.
  private static let charges = ["--charges-per-second", "1000000"]

  private func supervisor(_ folder: String, isBare: Bool) throws -> Supervisor {
    let plan = try SupervisorPlan(
      directory: folder, engines: shared.engines.list, instances: shared.instances, program: Program.path,
      charges: try ChargeOptions.parse(Self.charges), collector: isBare ? nil : shared.collector,
      isBare: isBare)
    return try Supervisor(plan, staffKey: UUID().uuidString, logger: Program.logger)
  }

  private func compare(_ bare: Supervisor, _ full: Supervisor) async throws -> String {
    let (bare, full) = (try await ComparedShop(bare), try await ComparedShop(full))
    var report = ComparisonReport()
    for request in ComparedRequest.allCases {
      // What is made at the first time counts for neither.
      for shop in [bare, full] { _ = try await shop.measure(request, places: places, for: .seconds(1)) }
      var measured: [ComparisonReport.Pair] = []
      for number in 0..<pairs {
        // Whoever is the second one may find the machine warmer, or busy with what the first one has begun.
        let bareFirst = number.isMultiple(of: 2)
        let (one, other) = bareFirst ? (bare, full) : (full, bare)
        let first = try await one.measure(request, places: places, for: .seconds(seconds))
        let second = try await other.measure(request, places: places, for: .seconds(seconds))
        measured.append(bareFirst ? (first, second) : (second, first))
      }
      report.add(request, measured)
    }
    return report.text
  }
}
