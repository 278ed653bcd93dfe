import Foundation
import Synchronization

@testable import storefront

/// A Redis on loopback that keeps nothing, for a test.
final class RedisForTests: Sendable {
  static let program = Shell.path(of: "redis-server")

  struct NotStarted: Error {}

  let port: Int
  private let process = Mutex<Process?>(nil)

  /// Runs `body` beside it; it is stopped whatever comes of that.
  static func run(_ body: (RedisForTests) async throws -> Void) async throws {
    let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "redis-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let redis = try RedisForTests(in: folder)
    defer { redis.kill() }
    try await eventually("Redis listens") { FreePort.isListening("127.0.0.1", redis.port) }
    try await body(redis)
  }

  private init(in folder: URL) throws {
    guard let program = Self.program else { throw NotStarted() }
    port = try FreePort.pick()
    let server = Process()
    server.executableURL = URL(filePath: program)
    server.arguments = ["--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", ""]
    server.standardOutput = FileHandle.nullDevice
    server.standardError = FileHandle.nullDevice
    try server.run()
    process.withLock { $0 = server }
  }

  /// Ends it with SIGKILL.
  func kill() {
    guard let server = process.withLock({ $0.take() }), server.isRunning else { return }
    _ = Foundation.kill(server.processIdentifier, SIGKILL)
    server.waitUntilExit()
  }
}
