import ArgumentParser
import Foundation

/// A server of somebody else that the supervisor can start, if it is installed.
enum Engine: String, CaseIterable, ExpressibleByArgument, Sendable {
  /// Takes the registry.
  case etcd
  /// Takes the events.
  case redis

  /// The program; `nil` where it is not installed.
  var executable: String? {
    let name = self == .etcd ? "etcd" : "redis-server"
    return Shell.path(of: name)
  }

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
    }
  }
}
