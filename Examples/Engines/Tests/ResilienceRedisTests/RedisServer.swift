import Foundation
import NIOCore
import NIOPosix
import Synchronization

@testable import ResilienceRedis

/// A Redis of its own on this machine, on a port of the system's choice, with its data in a folder that goes
/// with it.
final class RedisServer: Sendable {
  /// The first on the `PATH`.
  static let executable: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/redis-server" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  let port: Int
  private let isDurable: Bool
  private let folder: URL
  private let process = Mutex<Process?>(nil)

  /// - Parameter isDurable: Whether everything is on the disk before it is acknowledged; else nothing is
  ///   kept.
  static func with<Result>(
    isDurable: Bool = false, _ body: (RedisServer) async throws -> Result
  ) async throws -> Result {
    let server = RedisServer(port: try await freePort(), isDurable: isDurable)
    defer {
      server.kill()
      try? FileManager.default.removeItem(at: server.folder)
    }
    try await server.start()
    return try await body(server)
  }

  private init(port: Int, isDurable: Bool) {
    self.port = port
    self.isDurable = isDurable
    folder = URL(filePath: NSTemporaryDirectory()).appending(path: "redis-\(UUID().uuidString)")
  }

  /// Starts it, again with its data, and waits until it answers.
  func start() async throws {
    guard let executable = Self.executable else { throw RedisError(.refused, "start", "there is no Redis") }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let server = Process()
    server.executableURL = URL(filePath: executable)
    server.arguments =
      ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", ""]
      + (isDurable ? ["--appendonly", "yes", "--appendfsync", "always"] : [])
    server.standardOutput = FileHandle.nullDevice
    server.standardError = FileHandle.nullDevice
    try server.run()
    process.withLock { $0 = server }
    let client = RedisClient(port: port, timeLimit: .milliseconds(500))
    defer { client.close() }
    // A process of the system's: only the real clock tells when it is there.
    for _ in 0..<400 {
      if (try? await client.reply(to: RESPCommand("PING"))) != nil { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw RedisError(.timedOut, "PING", "Redis did not start")
  }

  func kill() { end(SIGKILL) }

  /// Without a word: it is there, and answers nothing.
  func pause() { signal(SIGSTOP) }

  func goOn() { signal(SIGCONT) }

  private func signal(_ number: Int32) {
    process.withLock { process in
      if let process, process.isRunning { _ = Foundation.kill(process.processIdentifier, number) }
    }
  }

  private func end(_ number: Int32) {
    guard let server = process.withLock({ $0.take() }), server.isRunning else { return }
    _ = Foundation.kill(server.processIdentifier, number)
    server.waitUntilExit()
  }

  /// One that nobody listens on, or did so a moment ago.
  static func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    let port = channel.localAddress?.port ?? 0
    try await channel.close()
    return port
  }
}
