import ArgumentParser
import Foundation
import Logging

/// The whole shop, until it is interrupted.
struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Run all processes of the shop; start again what dies.")

  @Option(help: "Where databases, events and logs are; kept.")
  var directory = "storefront-data"

  @Option(help: "The gateway's port on loopback.")
  var port = 8080

  @Option(help: "Where spans go as OTLP/JSON, such as http://127.0.0.1:4318.")
  var collector: String?

  func run() async throws {
    let logger = Logger(label: "storefront", factory: { JSONLogHandler(label: $0) })
    let staffKey = ProcessInfo.processInfo.environment[ServeCommand.staffKeyVariable] ?? UUID().uuidString
    let supervisor = try Supervisor(
      directory: URL(filePath: directory).path, gatewayPort: port, executable: Program.path,
      collector: collector, staffKey: staffKey, logger: logger)
    try await Interruption.watching {
      try await supervisor.run {
        print("The shop is open at \(supervisor.gateway); the staff's key is \(staffKey).")
        try await Task.sleep(for: .seconds(1_000_000_000))
      }
    }
  }
}
