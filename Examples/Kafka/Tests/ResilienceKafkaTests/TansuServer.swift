import Foundation
import Synchronization
import Testing

/// A broker of its own that speaks Kafka's protocol, in memory, on a free port.
final class TansuServer: Sendable {
  /// `TANSU` names the program.
  static let executable: String? = {
    guard let path = ProcessInfo.processInfo.environment["TANSU"],
      FileManager.default.isExecutableFile(atPath: path)
    else { return nil }
    return path
  }()

  /// Tansu answers who joins a new group after half of a session.
  static let settings = ["session.timeout.ms": "3000", "heartbeat.interval.ms": "250"]

  static let missing: Comment = "there is no Tansu: Examples/Kafka/test brings it, and a librdkafka for it"

  let servers: String
  private let process: Mutex<Process>

  struct NotStarted: Error {}

  static func with<Result>(_ body: (TansuServer) async throws -> Result) async throws -> Result {
    let server = try await TansuServer()
    defer { server.stop() }
    return try await body(server)
  }

  private init() async throws {
    let port = try Self.freePort()
    servers = "127.0.0.1:\(port)"
    let process = Process()
    process.executableURL = URL(filePath: Self.executable ?? "")
    process.arguments = [
      "broker", "--listener-url", "tcp://\(servers)", "--advertised-listener-url", "tcp://\(servers)",
      "--storage-engine", "memory://tansu/",
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = Mutex(process)
    // A process of the system's: only the real clock tells when it is there.
    for _ in 0..<200 {
      if Self.answers(port) { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    stop()
    throw NotStarted()
  }

  private func stop() {
    process.withLock { process in
      guard process.isRunning else { return }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
  }

  private static func withSocket<Result>(
    _ port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) throws -> Result
  ) rethrows -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return try withUnsafePointer(to: &address) {
      try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        try body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func answers(_ port: UInt16) -> Bool {
    withSocket(port) { connect($0, $1, $2) == 0 }
  }

  /// One that nobody listens on, or did so a moment ago.
  private static func freePort() throws -> UInt16 {
    try withSocket(0) { descriptor, address, length in
      guard bind(descriptor, address, length) == 0 else { throw NotStarted() }
      var bound = sockaddr_in()
      var size = length
      let found = withUnsafeMutablePointer(to: &bound) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
      }
      guard found == 0 else { throw NotStarted() }
      return UInt16(bigEndian: bound.sin_port)
    }
  }
}
