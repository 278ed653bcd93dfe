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
  private let logger: Logger
  private let running = Mutex<[String: pid_t]>([:])
  private let startCounts = Mutex<[String: Int]>([:])

  init(_ plan: SupervisorPlan, staffKey: String, logger: Logger) throws {
    directory = plan.directory
    engines = plan.addresses
    below = plan.below
    services = plan.services
    self.staffKey = staffKey
    self.logger = logger
    for folder in ["logs"] + below.map(\.name) {
      try FileManager.default.createDirectory(
        atPath: "\(directory)/\(folder)", withIntermediateDirectories: true)
    }
  }

  /// All processes, in the order in which they are named.
  var children: [ChildProcess] { below + services }

  var gateway: String { address(of: Gateway.name) }

  var monitor: String { address(of: Monitor.name) }

  func address(of name: String) -> String {
    "http://127.0.0.1:\(children.first { $0.name == name }?.port ?? 0)"
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
      try? await Task.sleep(for: .milliseconds(200))
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
    let isTold = StorefrontServices.named(child.service)?.needsSecrets ?? false
    return try await Subprocess.run(
      .path(FilePath(child.executable)), arguments: Arguments(child.arguments),
      environment: .inherit.updating([
        // Nobody else is told, nor inherits them.
        Environment.Key(stringLiteral: ServeCommand.secretVariable): isTold ? secret : nil,
        Environment.Key(stringLiteral: ServeCommand.staffKeyVariable): isTold ? staffKey : nil,
      ]),
      platformOptions: options, input: .none, output: .discarded,
      error: .fileDescriptor(log, closeAfterSpawningProcess: true)
    ) { execution in
      let process = execution.processIdentifier.value
      running.withLock { $0[child.name] = process }
    }.terminationStatus
  }

  // MARK: - Readiness

  private func waitUntilReady(within limit: Duration) async throws {
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
    guard let path = child.readiness else { return !FreePort.isFree(child.port) }
    let request = HTTPClientRequest(url: "http://127.0.0.1:\(child.port)\(path)")
    let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(1))
    guard let response else { return false }
    _ = try? await response.body.collect(upTo: 1 << 16)
    return response.status == .ok
  }
}
