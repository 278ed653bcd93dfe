import ArgumentParser
import Foundation

/// Which processes a shop is of, and where each listens.
struct SupervisorPlan: Sendable {
  struct NotInstalled: Error, CustomStringConvertible {
    var engine: Engine
    var description: String {
      engine == .kafka
        ? "there is no tansu on the path, and TANSU names none: Examples/Storefront/with-kafka brings one"
        : "\(engine) is not installed"
    }
  }

  static let hub = "hub"

  let directory: String
  private(set) var addresses: EngineAddresses
  private(set) var below: [ChildProcess] = []
  private(set) var services: [ChildProcess] = []
  /// Those that are given out.
  private var ports: Set<Int> = []
  let equipment: FaultEquipment
  /// `nil` where all processes are on loopback.
  private(set) var network: ShopNetwork?

  /// - Parameters:
  ///   - directory: Where databases, events and logs are.
  ///   - gatewayPort: `nil` for any that is free.
  ///   - engines: What takes a part of the hub's.
  ///   - instances: How many there are of each service but the gateway and what counts in memory; 1 or more.
  ///   - program: This program.
  ///   - charges: What holds for `payments`; `nil` for what is built in.
  ///   - collector: Where spans go; `nil` for the monitor.
  ///   - isBare: Whether services call each other without any pattern and without traces, for comparison.
  ///   - equipment: What faults need to find.
  init(
    directory: String, gatewayPort: Int? = nil, engines: [Engine] = [], instances: Int = 1, program: String,
    charges: ChargeOptions? = nil, collector: String? = nil, isBare: Bool = false,
    equipment: FaultEquipment = FaultEquipment()
  ) throws {
    self.equipment = equipment
    if equipment.isIsolated { network = Shell.path(of: "ip").map { ShopNetwork(tool: $0) } }
    // From the root: an engine may have another working directory.
    self.directory = URL(filePath: directory).path
    addresses = try EngineAddresses.parse([])
    if let gatewayPort { ports.insert(gatewayPort) }
    for engine in Set(engines).sorted(by: { $0.rawValue < $1.rawValue }) { try add(engine, program) }
    if addresses.hubInUse != nil {
      let port = try freePort()
      // Small files, so that the next one is soon needed on a disk that is full.
      let options = equipment.smallDisks.contains(Self.hub) ? ["--journal-file", "512"] : []
      let hub = serve(Self.hub, port, program, options)
      addresses.hub = "http://\(hub.host):\(port)"
      below.append(hub)
    }
    let common = addresses.options + (isBare ? ["--bare"] : [])
    // The first one: all others are told where it is.
    let monitor = serve(Monitor.name, try freePort(), program, common)
    let spans = ["--collector", collector ?? "http://\(monitor.host):\(monitor.port)"]
    let options = common + (isBare ? [] : spans)
    for type in StorefrontServices.all {
      if type.name == Monitor.name {
        services.append(monitor)
        continue
      }
      let count = type.isRepeatable ? max(1, instances) : 1
      let limits = type.name == Payments.name ? ["--instances", "\(count)"] + (charges?.options ?? []) : []
      for instance in 1...count {
        let port = try type.name == Gateway.name ? gatewayPort ?? freePort() : freePort()
        services.append(
          serve(type.name, port, program, options + limits, instance, of: count))
      }
    }
  }

  /// The process that keeps the events.
  static func eventKeeper(_ engines: [Engine]) -> String {
    if engines.contains(.kafka) { return Engine.kafka.rawValue }
    return engines.contains(.redis) ? Engine.redis.rawValue : hub
  }

  /// Whether a process has nothing any more when it was killed and is there again.
  static func forgetsAll(_ name: String) -> Bool { Engine(rawValue: name)?.forgetsAll ?? false }

  private mutating func add(_ engine: Engine, _ program: String) throws {
    if engine == .kafka { try KafkaEvents.requireBuilt() }
    guard let executable = engine.executable else { throw NotInstalled(engine: engine) }
    let port = try freePort()
    let peerPort = try freePort()
    let folder = "\(directory)/\(engine.rawValue)"
    var child = child(engine.rawValue, of: engine.rawValue, port) { host in
      [program, "guard", "--parent", "\(getpid())", "--", executable]
        + engine.arguments(
          host: host, port: port, peerPort: peerPort, directory: folder)
    }
    switch engine {
    case .etcd:
      addresses.etcd = "http://\(child.host):\(port)"
      child.readiness = "/health"
    case .redis:
      (addresses.redis, addresses.redisHost) = (port, child.host)
      child.readiness = nil
    case .kafka:
      addresses.kafka = "\(child.host):\(port)"
      // Tansu takes it, and takes long for a longer one: 17 s instead of 4 s.
      addresses.kafkaSession = 3
      child.readiness = nil
    }
    below.append(child)
  }

  private mutating func serve(
    _ name: String, _ port: Int, _ program: String, _ options: [String], _ instance: Int = 1,
    of count: Int = 1
  ) -> ChildProcess {
    // The hub makes a folder of its own there.
    let folder = name == Self.hub ? directory : "\(directory)/\(name)"
    return child(count > 1 ? "\(name)-\(instance)" : name, of: name, port) { host in
      [
        program, "serve", name, "--host", host, "--advertise", host, "--port", "\(port)", "--instance",
        "\(instance)", "--directory", folder, "--parent", "\(getpid())",
      ] + options
    }
  }

  /// - Parameter command: The program and its arguments, for the address where it listens.
  private mutating func child(
    _ name: String, of service: String, _ port: Int, command: (String) -> [String]
  ) -> ChildProcess {
    let place = network?.add(name)
    let command = (place?.launcher ?? []) + command(place?.address ?? "127.0.0.1")
    var child = ChildProcess(
      name: name, service: service, executable: command[0], arguments: Array(command.dropFirst()), port: port)
    if let place { child.host = place.address }
    if equipment.clocks.contains(name) {
      child.environment = ProcessClock(of: name, in: directory).environment
    }
    return child
  }

  private mutating func freePort() throws -> Int {
    while true {
      let port = try FreePort.pick()
      if ports.insert(port).inserted { return port }
    }
  }
}
