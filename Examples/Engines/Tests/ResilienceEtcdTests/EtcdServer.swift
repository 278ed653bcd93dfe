import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import Resilience
import Synchronization

@testable import ResilienceEtcd

/// An etcd of its own on this machine, on ports of the system's choice, with its data in a folder that goes with it.
final class EtcdServer: Sendable {
  /// The first on the `PATH`.
  static let executable: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { "\($0)/etcd" }.first { FileManager.default.isExecutableFile(atPath: $0) }

  let endpoint: String
  private let peer: String
  private let folder: URL
  private let process = Mutex<Process?>(nil)

  static func with<Result>(
    _ executable: String, _ body: (EtcdServer) async throws -> Result
  ) async throws -> Result {
    let ports = try await freePorts()
    let server = EtcdServer("http://127.0.0.1:\(ports.0)", "http://127.0.0.1:\(ports.1)")
    defer {
      server.kill()
      try? FileManager.default.removeItem(at: server.folder)
    }
    try await server.start(executable)
    return try await body(server)
  }

  private init(_ endpoint: String, _ peer: String) {
    self.endpoint = endpoint
    self.peer = peer
    folder = URL(filePath: NSTemporaryDirectory()).appending(path: "etcd-\(UUID().uuidString)")
  }

  /// Starts it, again with its data, and waits until it answers.
  func start(_ executable: String) async throws {
    let server = Process()
    server.executableURL = URL(filePath: executable)
    server.arguments = [
      "--data-dir", folder.path, "--listen-client-urls", endpoint, "--advertise-client-urls", endpoint,
      "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
      "default=\(peer)",
    ]
    server.standardOutput = FileHandle.nullDevice
    server.standardError = FileHandle.nullDevice
    try server.run()
    process.withLock { $0 = server }
    // A process of the system's: only the real clock tells when it is there.
    for attempt in 1... {
      do {
        _ = try await EtcdStore(at: endpoint, timeout: .milliseconds(200)).list("nothing")
        return
      } catch  where attempt < 200 {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  func kill() {
    let server = process.withLock { process in process.take() }
    guard let server, server.isRunning else { return }
    Foundation.kill(server.processIdentifier, SIGKILL)
    server.waitUntilExit()
  }

  var gateway: EtcdGateway { EtcdGateway(client: DefaultClient.shared, endpoint: endpoint) }

  /// Forgets all changes up to now.
  func compact() async throws {
    struct Compaction: Encodable {
      let revision: EtcdNumber<UInt64>
    }
    struct Done: Decodable {}
    let revision = try await EtcdStore(at: endpoint).list("nothing").revision
    let _: Done = try await gateway.send(
      "kv/compaction", Compaction(revision: EtcdNumber(revision)), within: .seconds(5))
  }

  /// Two that nobody listens on, or did so a moment ago.
  private static func freePorts() async throws -> (Int, Int) {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    let channels = (
      try await bootstrap.bind(host: "127.0.0.1", port: 0).get(),
      try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
    )
    let ports = (channels.0.localAddress?.port ?? 0, channels.1.localAddress?.port ?? 0)
    try await channels.0.close()
    try await channels.1.close()
    return ports
  }
}
