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
      "\(secretVariable), of 32 bytes or more, signs the tokens; \(staffKeyVariable), of 16 or more, gets one "
      + "for the staff. Users and gateway need the same ones, the others none."
  )

  @Argument(help: "hub, or one of \(StorefrontServices.all.map { $0.name }.joined(separator: ", ")).")
  var name: String

  @Option(help: "The port; 0 for any.")
  var port = 0

  @Option(help: "The address to listen on; 0.0.0.0 for all.")
  var host = "127.0.0.1"

  @Option(help: "The address, or the name, that others reach this process by.")
  var advertise = "127.0.0.1"

  @Option(help: "Tells instances of one service apart.")
  var instance = 1

  @Option(help: "How many instances there are of the service, among whom its limits are shared out.")
  var instances = 1

  @OptionGroup var charges: ChargeOptions

  @OptionGroup var engines: EngineAddresses

  @Option(help: "Where the databases are.")
  var directory = "."

  @Option(help: "How large a file of the hub's journal is, in KiB; the disk has room for two at least.")
  var journalFile = 65_536

  @Option(help: "Where spans go as OTLP/JSON, such as http://127.0.0.1:4318.")
  var collector: String?

  @Flag(help: "Call others without any of the toolkit's patterns, for comparison.")
  var bare = false

  @Option(help: "End when this process is not the parent any more.")
  var parent: Int32?

  func validate() throws {
    guard name == SupervisorPlan.hub || StorefrontServices.named(name) != nil else {
      throw ValidationError("there is no service \"\(name)\"")
    }
    guard (0...65_535).contains(port) else {
      throw ValidationError("the port \(port) is not from 0 to 65535")
    }
    guard (1...1000).contains(instances) else {
      throw ValidationError("\(instances) instances are not from 1 to 1000")
    }
    guard (512...1_048_576).contains(journalFile) else {
      throw ValidationError("a journal's file of \(journalFile) KiB is not from 512 to 1048576")
    }
  }

  func run() async throws {
    LoggingSystem.bootstrap(JSONLogHandler.init(label:metadataProvider:), metadataProvider: .resilience)
    let logger = Logger(label: name)
    let parentWatch = parent.map { ParentWatch(parent: $0) }
    guard let type = StorefrontServices.named(name) else {
      return try await HubProcess.run(
        directory: "\(directory)/hub", fileKibibytes: journalFile, host: host, port: port, logger: logger,
        signals: [.sigterm, .sigint],
        beside: [parentWatch].compactMap(\.self))
    }
    let environment = ProcessInfo.processInfo.environment
    let (secret, staffKey) = type.needsSecrets ? try Self.secrets(in: environment) : ("", "")
    try await EngineChoice.using(engines) { engines in
      var settings = ServiceSettings(
        store: engines.store, broker: engines.broker, instance: instance, directory: directory,
        secret: secret, staffKey: staffKey, collector: collector)
      settings.hub = self.engines.hubInUse
      settings.redis = engines.redis
      settings.instances = instances
      settings.chargesPerSecond = charges.chargesPerSecond
      settings.host = host
      settings.advertisedHost = advertise
      settings.isBare = bare
      try await ServiceProcess(
        type, settings, port: port, logger: logger, signals: [.sigterm, .sigint],
        beside: [parentWatch].compactMap(\.self)
      ).run()
    }
  }

  /// What signs tokens, and the staff's key.
  ///
  /// - Throws: `ValidationError` for one that is missing, or that can be guessed: an empty key is everybody's.
  static func secrets(in environment: [String: String]) throws -> (secret: String, staffKey: String) {
    func read(_ name: String, bytes: Int) throws -> String {
      guard let value = environment[name] else { throw ValidationError("\(name) must be set") }
      try check(value, named: name, bytes: bytes)
      return value
    }
    return (try read(secretVariable, bytes: 32), try read(staffKeyVariable, bytes: 16))
  }

  /// - Throws: `ValidationError` for a secret of fewer bytes.
  static func check(_ value: String, named name: String, bytes: Int) throws {
    guard value.utf8.count >= bytes else {
      throw ValidationError("\(name) has \(value.utf8.count) bytes, and needs \(bytes)")
    }
  }
}
