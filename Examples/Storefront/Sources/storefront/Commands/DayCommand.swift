import ArgumentParser
import Foundation
import Synchronization

/// A real day, played against the whole shop.
struct DayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "day", abstract: "Play a day of invoices through the gateway, and check the books.",
    discussion: """
      Ends with 1 if a promise was broken, a customer left without an order, or a fault was not repaired; with 2 for a \
      file that it cannot read, and with 130 when it is interrupted.
      """)

  @Argument(help: "Invoices in the columns of the UCI \"Online Retail\" data set.")
  var file: String

  @Option(help: "How long the day takes, in seconds; a fault makes it longer.")
  var seconds = 30

  @Flag(help: "Kill each process in turn with SIGKILL, the engines too.")
  var killEach = false

  @Option(help: "Kill a process at random with SIGKILL, each second, so many times.")
  var killAtRandom = 0

  @Option(help: "Stop a process for ten seconds; may be given several times.")
  var stop: [String] = []

  @Option(help: "Keep databases, events and logs here. Default: a temporary folder that goes.")
  var directory: String?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    guard (1...86_400).contains(seconds) else {
      throw ValidationError("a day of \(seconds) s cannot be played")
    }
  }

  func run() async throws {
    let day: DayFile
    do {
      day = try DayFile(path: file)
    } catch {
      try FileHandle.standardError.write(contentsOf: Data("\(error)\n".utf8))
      throw ExitCode(2)
    }
    let folder = directory ?? NSTemporaryDirectory() + "storefront-\(UUID().uuidString)"
    defer { if directory == nil { try? FileManager.default.removeItem(atPath: folder) } }
    let plan = try SupervisorPlan(
      directory: folder, engines: shared.engines.list, instances: shared.instances, program: Program.path,
      collector: shared.collector)
    let supervisor = try Supervisor(plan, staffKey: UUID().uuidString, logger: Program.logger)
    let names = supervisor.children.map(\.name)
    if let unknown = stop.first(where: { !names.contains($0) }) {
      throw ValidationError("there is no process \"\(unknown)\"; there are \(names.joined(separator: ", "))")
    }
    let faults =
      (killEach ? names.map { DayFaults.Fault.kill($0) } : []) + stop.map { .stop($0) }
      + (killAtRandom > 0 ? [.killAtRandom(times: killAtRandom)] : [])
    let report = Mutex<DayReport?>(nil)
    try await Interruption.watching {
      let played = try await EngineChoice.using(supervisor.engines) { engines in
        try await SupervisedDay(
          supervisor: supervisor, engines: engines, file: day, duration: .seconds(seconds), faults: faults
        ).run()
      }
      report.withLock { $0 = played }
    }
    guard let report = report.withLock({ $0 }) else { throw ExitCode(130) }
    print(report.text)
    if !report.isSound { throw ExitCode(1) }
  }
}
