import ArgumentParser
import Foundation

/// Which processes a shop is of, and where each listens.
struct SupervisorPlan: Sendable {
  struct NotInstalled: Error, CustomStringConvertible {
    var engine: Engine
    var description: String { "\(engine) is not installed" }
  }

  static let hub = "hub"

  let directory: String
  private(set) var addresses: EngineAddresses
  private(set) var below: [ChildProcess] = []
  private(set) var services: [ChildProcess] = []
  /// Those that are given out.
  private var ports: Set<Int> = []

  /// - Parameters:
  ///   - directory: Where databases, events and logs are.
  ///   - gatewayPort: `nil` for any that is free.
  ///   - engines: What takes a part of the hub's.
  ///   - instances: How many there are of each service but the gateway and what counts in memory; 1 or more.
  ///   - program: This program.
  ///   - collector: Where spans go; `nil` for the monitor.
  ///   - isBare: Whether services call each other without any pattern, for comparison.
  init(
    directory: String, gatewayPort: Int? = nil, engines: [Engine] = [], instances: Int = 1, program: String,
    collector: String? = nil, isBare: Bool = false
  ) throws {
    // From the root: an engine may have another working directory.
    self.directory = URL(filePath: directory).path
    addresses = try EngineAddresses.parse([])
    if let gatewayPort { ports.insert(gatewayPort) }
    for engine in Set(engines).sorted(by: { $0.rawValue < $1.rawValue }) { try add(engine, program) }
    if addresses.etcd == nil || addresses.redis == nil {
      let port = try freePort()
      addresses.hub = "http://127.0.0.1:\(port)"
      below.append(serve(Self.hub, port, program, []))
    }
    let monitorPort = try freePort()
    let options =
      addresses.options + ["--collector", collector ?? "http://127.0.0.1:\(monitorPort)"]
      + (isBare ? ["--bare"] : [])
    for type in StorefrontServices.all {
      for instance in 1...(type.isRepeatable ? max(1, instances) : 1) {
        let port =
          switch type.name {
          case Gateway.name: try gatewayPort ?? freePort()
          case Monitor.name: monitorPort
          default: try freePort()
          }
        services.append(
          serve(type.name, port, program, options, instance, of: type.isRepeatable ? instances : 1))
      }
    }
  }

  private mutating func add(_ engine: Engine, _ program: String) throws {
    guard let executable = engine.executable else { throw NotInstalled(engine: engine) }
    let port = try freePort()
    let arguments = try engine.arguments(
      port: port, peerPort: freePort(), directory: "\(directory)/\(engine.rawValue)")
    var child = ChildProcess(
      name: engine.rawValue, service: engine.rawValue, executable: program,
      arguments: ["guard", "--parent", "\(getpid())", "--", executable] + arguments, port: port)
    switch engine {
    case .etcd:
      addresses.etcd = "http://127.0.0.1:\(port)"
      child.readiness = "/health"
    case .redis:
      addresses.redis = port
      child.readiness = nil
    }
    below.append(child)
  }

  private func serve(
    _ name: String, _ port: Int, _ program: String, _ options: [String], _ instance: Int = 1,
    of count: Int = 1
  ) -> ChildProcess {
    let arguments =
      [
        "serve", name, "--port", "\(port)", "--instance", "\(instance)", "--directory", directory, "--parent",
        "\(getpid())",
      ] + options
    return ChildProcess(
      name: count > 1 ? "\(name)-\(instance)" : name, service: name, executable: program,
      arguments: arguments,
      port: port)
  }

  private mutating func freePort() throws -> Int {
    while true {
      let port = try FreePort.pick()
      if ports.insert(port).inserted { return port }
    }
  }
}
