import Foundation
import NIOCore
import NIOPosix

/// An etcd on ports of the system's choice, with its data in a folder that goes with it.
final class LocalEtcd {
  let endpoint: String
  private let folder: URL
  private let process = Process()

  init() async throws {
    let (client, peer) = (try await Self.freeAddress(), try await Self.freeAddress())
    endpoint = client
    folder = URL(filePath: NSTemporaryDirectory()).appending(path: "etcd-load-\(UUID().uuidString)")
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "etcd", "--data-dir", folder.path, "--listen-client-urls", client, "--advertise-client-urls", client,
      "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
      "default=\(peer)",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func remove() {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }

  private static func freeAddress() async throws -> String {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    defer { channel.close(promise: nil) }
    return "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
  }
}
