import ArgumentParser
import Foundation
import Logging
import Resilience
import ResilienceLogging
import UnixSignals

/// One process of the shop.
struct ServeCommand: AsyncParsableCommand {
  static let secretVariable = "STOREFRONT_SECRET"
  static let staffKeyVariable = "STOREFRONT_STAFF_KEY"

  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run one service, or the hub, until SIGTERM.",
    discussion:
      "\(secretVariable) signs the tokens, \(staffKeyVariable) gets one for the staff: all processes need the same."
  )

  @Argument(help: "hub, or one of \(StorefrontServices.all.map { $0.name }.joined(separator: ", ")).")
  var name: String

  @Option(help: "The port on loopback; 0 for any.")
  var port = 0

  @Option(help: "Tells instances of one service apart.")
  var instance = 1

  @OptionGroup var engines: EngineAddresses

  @Option(help: "Where the databases are.")
  var directory = "."

  @Option(help: "Where spans go as OTLP/JSON, such as http://127.0.0.1:4318.")
  var collector: String?

  @Option(help: "End when this process is not the parent any more.")
  var parent: Int32?

  func validate() throws {
    guard name == SupervisorPlan.hub || StorefrontServices.named(name) != nil else {
      throw ValidationError("there is no service \"\(name)\"")
    }
    guard (0...65_535).contains(port) else {
      throw ValidationError("the port \(port) is not from 0 to 65535")
    }
  }

  func run() async throws {
    LoggingSystem.bootstrap(JSONLogHandler.init(label:metadataProvider:), metadataProvider: .resilience)
    let logger = Logger(label: name)
    let parentWatch = parent.map { ParentWatch(parent: $0) }
    guard let type = StorefrontServices.named(name) else {
      return try await HubProcess.run(
        directory: "\(directory)/hub", port: port, logger: logger, signals: [.sigterm, .sigint],
        beside: [parentWatch].compactMap(\.self))
    }
    let environment = ProcessInfo.processInfo.environment
    guard let secret = environment[Self.secretVariable], let staffKey = environment[Self.staffKeyVariable]
    else {
      throw ValidationError("\(Self.secretVariable) and \(Self.staffKeyVariable) must be set")
    }
    guard secret.utf8.count >= 32 else {
      throw ValidationError("\(Self.secretVariable) has \(secret.utf8.count) bytes, and needs 32")
    }
    try await EngineChoice.using(engines) { engines in
      let settings = ServiceSettings(
        store: engines.store, broker: engines.broker, instance: instance, directory: directory,
        secret: secret,
        staffKey: staffKey,
        collector: collector)
      try await ServiceProcess(
        type, settings, port: port, logger: logger, signals: [.sigterm, .sigint],
        beside: [parentWatch].compactMap(\.self)
      ).run()
    }
  }
}
