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

  @OptionGroup var charges: ChargeOptions

  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let given = ProcessInfo.processInfo.environment[ServeCommand.staffKeyVariable]
    if let given { try ServeCommand.check(given, named: ServeCommand.staffKeyVariable, bytes: 16) }
    let staffKey = given ?? UUID().uuidString
    let plan = try SupervisorPlan(
      directory: directory, gatewayPort: port, engines: shared.engines.list, instances: shared.instances,
      program: Program.path,
      charges: charges, collector: shared.collector)
    let supervisor = try Supervisor(plan, staffKey: staffKey, logger: Program.logger)
    try await Interruption.watching {
      try await supervisor.run {
        // Who has set a key knows it, and may not want it in a log.
        let key = given == nil ? "; the staff's key is \(staffKey)" : ""
        print("The shop is open at \(supervisor.gateway)\(key).")
        print("How it is, and its traces: \(supervisor.monitor)")
        fflush(nil)
        try await Task.sleep(for: .seconds(1_000_000_000))
      }
    }
  }
}
