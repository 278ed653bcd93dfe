import ArgumentParser
import Foundation

/// A server of somebody else that the supervisor can start, if it is installed.
enum Engine: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// Takes the registry.
  case etcd
  /// Takes the limits that processes share, and the events where Kafka does not.
  case redis
  /// Takes the events: Tansu, which speaks Kafka's protocol and keeps them in memory.
  case kafka

  /// Whether it has nothing any more when it was killed and is there again.
  var forgetsAll: Bool { self == .kafka }

  /// The program; `nil` where it is not installed.
  var executable: String? {
    switch self {
    case .etcd: Shell.path(of: "etcd")
    case .redis: Shell.path(of: "redis-server")
    case .kafka: Self.tansu ?? Shell.path(of: "tansu")
    }
  }

  /// What `with-kafka` has brought.
  private static var tansu: String? {
    ProcessInfo.processInfo.environment["TANSU"].flatMap {
      FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
    }
  }

  /// Whether it is installed, and this program can use it.
  var canStart: Bool { executable != nil && (self != .kafka || KafkaEvents.isBuilt) }

  func arguments(host: String, port: Int, peerPort: Int, directory: String) -> [String] {
    let (client, peer) = ("http://\(host):\(port)", "http://\(host):\(peerPort)")
    switch self {
    case .etcd:
      return [
        "--data-dir", directory, "--listen-client-urls", client, "--advertise-client-urls", client,
        "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster",
        "default=\(peer)", "--logger", "zap",
      ]
    case .redis:
      // Each write is on the disk before it is acknowledged.
      return [
        "--port", "\(port)", "--bind", host, "--protected-mode", "no", "--dir", directory, "--appendonly",
        "yes",
        "--appendfsync", "always",
      ]
    case .kafka:
      let listener = "tcp://\(host):\(port)"
      return [
        "broker", "--listener-url", listener, "--advertised-listener-url", listener, "--storage-engine",
        "memory://tansu/",
      ]
    }
  }
}
