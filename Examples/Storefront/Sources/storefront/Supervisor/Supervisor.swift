import AsyncHTTPClient
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import Subprocess
import Synchronization
import SystemPackage

/// Runs the shop's processes: starts each, starts again what dies, and stops all when it ends.
final class Supervisor: Sendable {
  /// Somebody else listens where a process is to.
  struct PortTaken: Error, CustomStringConvertible {
    var process: String
    var port: Int
    var description: String { "port \(port), which \(process) is to have, is taken" }
  }

  struct NotReady: Error, CustomStringConvertible {
    var processes: [String]
    var description: String { "not ready: \(processes.joined(separator: ", "))" }
  }

  let directory: String
  let staffKey: String
  let engines: EngineAddresses

  /// What the services need: started with them, and stopped after them.
  private let below: [ChildProcess]
  private let services: [ChildProcess]
  private let secret = UUID().uuidString + UUID().uuidString
  let logger: Logger
  private let running = Mutex<[String: pid_t]>([:])
  private let startCounts = Mutex<[String: Int]>([:])
  private let held = Mutex<Set<String>>([])
  /// `nil` where all processes are on loopback.
  let network: ShopNetwork?
  private let equipment: FaultEquipment
  private let scaffold: Scaffold

  init(_ plan: SupervisorPlan, staffKey: String, logger: Logger) throws {
    directory = plan.directory
    engines = plan.addresses
    below = plan.below
    services = plan.services
    network = plan.network
    equipment = plan.equipment
    scaffold = Scaffold(
      setUp: (plan.network?.setUp ?? []) + plan.equipment.mounts(in: plan.directory),
      takeDown: plan.equipment.unmounts(in: plan.directory) + (plan.network?.takeDown ?? []))
    self.staffKey = staffKey
    self.logger = logger
    for folder in ["logs"] + children.map(\.service) {
      try FileManager.default.createDirectory(
        atPath: "\(directory)/\(folder)", withIntermediateDirectories: true)
    }
    for name in plan.equipment.clocks { try ProcessClock(of: name, in: directory).set(0) }
  }

  /// All processes, in the order in which they are named.
  var children: [ChildProcess] { below + services }

  var gateway: String { address(of: Gateway.name) }

  var monitor: String { address(of: Monitor.name) }

  func address(of name: String) -> String {
    child(name).map { "http://\($0.host):\($0.port)" } ?? "http://127.0.0.1:0"
  }

  func child(_ name: String) -> ChildProcess? { children.first { $0.name == name } }

  /// The disk that a process keeps its data on; `nil` where that is everybody's.
  func smallDisk(of name: String) -> SmallDisk? {
    guard let service = child(name)?.service, equipment.smallDisks.contains(service) else { return nil }
    return SmallDisk(in: "\(directory)/\(service)")
  }

  /// Removes all that a process that does not run has kept.
  func removeData(of name: String) throws {
    guard let folder = child(name).map({ "\(directory)/\($0.service)" }) else { return }
    for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
      try FileManager.default.removeItem(atPath: "\(folder)/\(file)")
    }
  }

  /// Does not start a process again when it ends, until it is released.
  func hold(_ name: String) { held.withLock { _ = $0.insert(name) } }

  func release(_ name: String) {
    held.withLock { _ = $0.remove(name) }
  }

  /// The processes that run.
  var processes: [String: pid_t] { running.withLock { $0 } }

  /// How often a process was started.
  func starts(of name: String) -> Int { startCounts.withLock { $0[name] ?? 0 } }

  /// Sends a signal to a process.
  ///
  /// - Returns: Whether there was one.
  @discardableResult
  func signal(_ name: String, _ number: Int32) -> Bool {
    guard let process = processes[name] else { return false }
    return kill(process, number) == 0
  }

  /// Runs `body` while the processes run, once all are ready; then stops them, also when it fails or is
  /// cancelled.
  func run<Value: Sendable>(
    within limit: Duration = .seconds(30), _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    for child in children where network == nil && !FreePort.isFree(child.port) {
      throw PortTaken(process: child.name, port: child.port)
    }
    return try await scaffold.around { try await runProcesses(within: limit, body) }
  }

  private func runProcesses<Value: Sendable>(
    within limit: Duration, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let foundation = Task { await keepRunning(below) }
    let shop = Task { await keepRunning(services) }
    let result: Result<Value, any Error>
    do {
      try await waitUntilReady(within: limit)
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    shop.cancel()
    await shop.value
    // After them: what the services have handled is to be noted there.
    foundation.cancel()
    await foundation.value
    return try result.get()
  }

  // MARK: - Processes

  private func keepRunning(_ children: [ChildProcess]) async {
    await withDiscardingTaskGroup { group in
      for child in children { group.addTask { await self.keepRunning(child) } }
    }
  }

  private func keepRunning(_ child: ChildProcess) async {
    while !Task.isCancelled {
      startCounts.withLock { $0[child.name, default: 0] += 1 }
      do {
        let status = try await run(child)
        if Task.isCancelled { break }
        logger.notice(
          "ended, started again", metadata: ["process": "\(child.name)", "status": "\(status)"])
      } catch {
        if Task.isCancelled { break }
        logger.error("not started", metadata: ["process": "\(child.name)", "error": "\(error)"])
      }
      running.withLock { $0[child.name] = nil }
      repeat {
        try? await Task.sleep(for: .milliseconds(200))
      } while held.withLock { $0.contains(child.name) } && !Task.isCancelled
    }
  }

  private func run(_ child: ChildProcess) async throws -> TerminationStatus {
    let log = try FileDescriptor.open(
      FilePath("\(directory)/logs/\(child.name).log"), .writeOnly, options: [.append, .create],
      permissions: .ownerReadWrite)
    var options = PlatformOptions()
    // Of its own: what a terminal sends on Ctrl-C is for the supervisor, which stops them in order.
    options.processGroupID = 0
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(20))]
    let added = child.environment.map { (Environment.Key(stringLiteral: $0), Optional($1)) }
    let isTold = StorefrontServices.named(child.service)?.needsSecrets ?? false
    return try await Subprocess.run(
      .path(FilePath(child.executable)), arguments: Arguments(child.arguments),
      environment: .inherit.updating([
        // Nobody else is told, nor inherits them.
        Environment.Key(stringLiteral: ServeCommand.secretVariable): isTold ? secret : nil,
        Environment.Key(stringLiteral: ServeCommand.staffKeyVariable): isTold ? staffKey : nil,
      ]).updating(Dictionary(uniqueKeysWithValues: added)),
      platformOptions: options, input: .none, output: .discarded,
      error: .fileDescriptor(log, closeAfterSpawningProcess: true)
    ) { execution in
      let process = execution.processIdentifier.value
      running.withLock { $0[child.name] = process }
    }.terminationStatus
  }

  // MARK: - Readiness

  /// - Throws: ``NotReady`` when some process is not by then.
  func waitUntilReady(within limit: Duration) async throws {
    let end = ContinuousClock.now + limit
    while case let missing = await notReady(), !missing.isEmpty {
      try Task.checkCancellation()
      guard ContinuousClock.now < end else { throw NotReady(processes: missing) }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func notReady() async -> [String] {
    await withTaskGroup { group in
      for child in children { group.addTask { await Self.isReady(child) ? nil : child.name } }
      return await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }.sorted()
    }
  }

  private static func isReady(_ child: ChildProcess) async -> Bool {
    guard let path = child.readiness else { return FreePort.isListening(child.host, child.port) }
    let request = HTTPClientRequest(url: "http://\(child.host):\(child.port)\(path)")
    let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(1))
    guard let response else { return false }
    _ = try? await response.body.collect(upTo: 1 << 16)
    return response.status == .ok
  }
}
