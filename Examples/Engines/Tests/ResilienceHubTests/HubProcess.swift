import AsyncHTTPClient
import Foundation
import Resilience
import ResilienceHub
import Synchronization

/// A hub of its own in a process, with a journal in a folder that goes with it.
final class HubProcess: Sendable {
  /// Beside the tests.
  private static let executable = Bundle.allBundles.map(\.bundleURL).appending(
    URL(filePath: CommandLine.arguments[0])
  ).map { $0.deletingLastPathComponent().appending(path: "resilience-hub") }
    .first { FileManager.default.isExecutableFile(atPath: $0.path) }

  let endpoint: String
  private let port: Int
  private let session: Int
  private let folder: URL
  private let process = Mutex<Process?>(nil)

  /// - Parameter session: How many seconds a consumer's session lasts.
  static func with<Result>(
    session: Int = 45, _ body: (HubProcess) async throws -> Result
  ) async throws -> Result {
    let hub = HubProcess(port: try await freePort(), session: session)
    defer {
      hub.kill()
      try? FileManager.default.removeItem(at: hub.folder)
    }
    try await hub.start()
    return try await body(hub)
  }

  private init(port: Int, session: Int) {
    self.port = port
    self.session = session
    endpoint = "http://127.0.0.1:\(port)/hub"
    folder = URL(filePath: NSTemporaryDirectory()).appending(path: "hub-\(UUID().uuidString)")
  }

  /// Starts it, again with its journal, and waits until it answers.
  func start() async throws {
    struct NoExecutable: Error {}
    guard let executable = Self.executable else { throw NoExecutable() }
    let hub = Process()
    hub.executableURL = executable
    hub.arguments = ["\(port)", folder.path, "\(session)"]
    hub.standardOutput = FileHandle.nullDevice
    hub.standardError = FileHandle.nullDevice
    try hub.run()
    process.withLock { $0 = hub }
    // A process of the system's: only the real clock tells when it is there.
    for attempt in 1... {
      do {
        let store = RemoteRegistryStore(at: endpoint, timeout: .milliseconds(500))
        _ = try await store.list("nothing")
        return
      } catch  where attempt < 200 {
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  func kill() {
    let hub = process.withLock { process in process.take() }
    guard let hub, hub.isRunning else { return }
    Foundation.kill(hub.processIdentifier, SIGKILL)
    // It is gone within moments. Its end may be noticed only when a process that was started at the same time has ended,
    // so that is not waited for without a limit.
    for _ in 0..<100 where hub.isRunning { usleep(10_000) }
  }

  func restart() async throws {
    kill()
    try await start()
  }
}

extension Array {
  fileprivate func appending(_ element: Element) -> [Element] { self + [element] }
}
