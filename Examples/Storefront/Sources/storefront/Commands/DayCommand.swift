import ArgumentParser
import AsyncHTTPClient
import Foundation
import Logging

/// A real day, played against the whole shop.
struct DayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "day", abstract: "Play a day of invoices through the gateway, and check the books.",
    discussion: "Ends with 1 if a promise was broken or a customer left without an order.")

  @Argument(help: "Invoices in the columns of the UCI \"Online Retail\" data set.")
  var file: String

  @Option(help: "How long the day takes, in seconds; a fault makes it longer.")
  var seconds = 30

  @Flag(help: "Kill each process in turn with SIGKILL, the hub too.")
  var killEach = false

  @Option(help: "Stop a process for ten seconds; may be given several times.")
  var stop: [String] = []

  @Option(help: "Keep databases, events and logs here. Default: a temporary folder that goes.")
  var directory: String?

  @Option(help: "Where spans go as OTLP/JSON, such as http://127.0.0.1:4318.")
  var collector: String?

  func validate() throws {
    guard (1...86_400).contains(seconds) else {
      throw ValidationError("a day of \(seconds) s cannot be played")
    }
    for name in stop where !Supervisor.names.contains(name) {
      throw ValidationError("there is no process \"\(name)\"")
    }
  }

  func run() async throws {
    let day = try DayFile(path: file)
    let folder = directory ?? NSTemporaryDirectory() + "storefront-\(UUID().uuidString)"
    defer { if directory == nil { try? FileManager.default.removeItem(atPath: folder) } }
    let faults = (killEach ? Supervisor.names.map { DayFaults.Fault.kill($0) } : []) + stop.map { .stop($0) }
    let supervisor = try Supervisor(
      directory: URL(filePath: folder).path, gatewayPort: nil, executable: Program.path, collector: collector,
      staffKey: UUID().uuidString,
      logger: Logger(label: "storefront", factory: { JSONLogHandler(label: $0) }))
    let report = try await EngineChoice.using(hub: supervisor.hubAddress) { engines in
      try await SupervisedDay(
        supervisor: supervisor, engines: engines, file: day, duration: .seconds(seconds), faults: faults
      ).run()
    }
    print(report.text)
    if !report.isSound { throw ExitCode(1) }
  }
}
