import Foundation
import NIOCore
import NIOPosix

/// A Redis on a port of the system's choice, with its data in a folder that goes with it.
final class LocalRedis {
  let port: Int
  let folder: URL
  private let isDurable: Bool
  private var process: Process?

  init(isDurable: Bool = false) async throws {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
    try await channel.close()
    self.isDurable = isDurable
    folder = URL(filePath: NSTemporaryDirectory()).appending(path: "redis-load-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try start()
  }

  func start() throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments =
      ["redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", ""]
      + ["--slowlog-log-slower-than", "20000"]
      + (isDurable ? ["--appendonly", "yes", "--appendfsync", "always"] : [])
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    self.process = process
  }

  func kill() {
    guard let process, process.isRunning else { return }
    _ = Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func remove() {
    kill()
    try? FileManager.default.removeItem(at: folder)
  }
}
