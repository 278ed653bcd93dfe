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
    var services: [String]
    var description: String { "not ready: \(services.joined(separator: ", "))" }
  }

  let directory: String
  let secret: String
  let staffKey: String
  /// The port of each process.
  let ports: [String: Int]

  private let executable: String
  private let collector: String?
  private let logger: Logger
  private let running = Mutex<[String: pid_t]>([:])
  private let startCounts = Mutex<[String: Int]>([:])

  /// What is started first, and stopped last.
  static let hub = "hub"
  static var names: [String] { [hub] + StorefrontServices.all.map { $0.name } }

  init(
    directory: String, gatewayPort: Int?, executable: String, collector: String?, staffKey: String,
    logger: Logger
  ) throws {
    var ports: [String: Int] = [:]
    for name in Self.names {
      var port = try name == Gateway.name ? gatewayPort ?? FreePort.pick() : FreePort.pick()
      while ports.values.contains(port) { port = try FreePort.pick() }
      ports[name] = port
    }
    self.ports = ports
    self.directory = directory
    self.executable = executable
    self.collector = collector
    self.staffKey = staffKey
    self.logger = logger
    secret = UUID().uuidString + UUID().uuidString
    for folder in ["\(directory)/logs", "\(directory)/events"] {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
  }

  var gateway: String { address(of: Gateway.name) }
  var hubAddress: String { address(of: Self.hub) }

  func address(of name: String) -> String { "http://127.0.0.1:\(ports[name] ?? 0)" }

  /// The processes that run.
  var processes: [String: pid_t] { running.withLock { $0 } }

  /// How often a process was started.
  func starts(of name: String) -> Int { startCounts.withLock { $0[name] ?? 0 } }

  /// Runs `body` while the processes run, once all are ready; then stops them, also when it fails or is
  /// cancelled.
  func run<Value: Sendable>(
    within limit: Duration = .seconds(30), _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let hub = Task { await keepRunning(Self.hub) }
    let services = Task {
      await withDiscardingTaskGroup { group in
        for name in Self.names where name != Self.hub { group.addTask { await self.keepRunning(name) } }
      }
    }
    return try await withTaskCancellationHandler {
      let result: Result<Value, any Error>
      do {
        try await waitUntilReady(within: limit)
        result = .success(try await body())
      } catch {
        result = .failure(error)
      }
      // The hub last: what the services have handled is to be noted there.
      services.cancel()
      await services.value
      hub.cancel()
      await hub.value
      return try result.get()
    } onCancel: {
      services.cancel()
    }
  }

  /// Sends a signal to a process.
  func signal(_ name: String, _ number: Int32) {
    guard let process = running.withLock({ $0[name] }) else { return }
    kill(process, number)
  }

  // MARK: - Processes

  private func keepRunning(_ name: String) async {
    while !Task.isCancelled {
      startCounts.withLock { $0[name, default: 0] += 1 }
      do {
        let status = try await start(name)
        if Task.isCancelled { break }
        logger.notice("ended, started again", metadata: ["process": "\(name)", "status": "\(status)"])
      } catch {
        if Task.isCancelled { break }
        logger.error("not started", metadata: ["process": "\(name)", "error": "\(error)"])
      }
      running.withLock { $0[name] = nil }
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  private func start(_ name: String) async throws -> TerminationStatus {
    let log = try FileDescriptor.open(
      "\(directory)/logs/\(name).log", .writeOnly, options: [.append, .create], permissions: .ownerReadWrite)
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
    var arguments = [
      "serve", name, "--port", "\(ports[name] ?? 0)", "--hub", hubAddress, "--directory", directory,
      "--parent", "\(getpid())",
    ]
    if let collector { arguments += ["--collector", collector] }
    return try await Subprocess.run(
      .path(FilePath(executable)), arguments: Arguments(arguments),
      environment: .inherit.updating([
        Environment.Key(stringLiteral: ServeCommand.secretVariable): secret,
        Environment.Key(stringLiteral: ServeCommand.staffKeyVariable): staffKey,
      ]),
      platformOptions: options, input: .none, output: .discarded,
      error: .fileDescriptor(log, closeAfterSpawningProcess: true)
    ) { execution in
      let process = execution.processIdentifier.value
      running.withLock { $0[name] = process }
    }.terminationStatus
  }

  // MARK: - Readiness

  private func waitUntilReady(within limit: Duration) async throws {
    let end = ContinuousClock.now + limit
    while case let missing = await notReady(), !missing.isEmpty {
      try Task.checkCancellation()
      guard ContinuousClock.now < end else { throw NotReady(services: missing) }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func notReady() async -> [String] {
    await withTaskGroup { group in
      for name in Self.names { group.addTask { await self.isReady(name) ? nil : name } }
      return await group.reduce(into: []) { $0 += [$1].compactMap(\.self) }.sorted()
    }
  }

  private func isReady(_ name: String) async -> Bool {
    let request = HTTPClientRequest(url: address(of: name) + "/health/ready")
    let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(1))
    guard let response else { return false }
    _ = try? await response.body.collect(upTo: 1 << 16)
    return response.status == .ok
  }
}
