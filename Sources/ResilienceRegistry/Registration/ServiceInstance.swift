internal import ResilienceCore

/// One running copy of a service: who it is and where it is reached.
///
/// Names are compared byte for byte, as they are stored and sent: two spellings that look alike are two
/// instances.
public struct ServiceInstance: Sendable {
  /// What tells the instance from others of its service; registering the same id again replaces it.
  public let id: String

  /// The name of the service it is an instance of.
  public let service: String

  /// Where it is reached, in whatever form the caller's transport wants: `10.0.0.7:8080`, a URL, a socket
  /// path.
  public let address: String

  /// Facts for the builder of the call, such as the protocol.
  public let metadata: [String: String]

  /// Where it runs, for balancers that prefer what is near; `nil` if nobody says.
  public let zone: String?

  /// Its share of the calls beside that of others, 0 to 1 000 000; 0 gets none.
  public let weight: Double

  /// The version of the software that it runs; `nil` if nobody says.
  public let version: String?

  /// Creates an instance.
  ///
  /// - Parameters:
  ///   - id: Unique within the service; it orders snapshots, and labels events and metrics.
  ///   - service: The name of the service.
  ///   - address: Where it is reached. Default: empty, for services in the same process.
  ///   - metadata: Facts for the builder of the call. Default: none.
  ///   - zone: Where it runs. Default: not said.
  ///   - weight: Its share of the calls beside that of others. It may come from outside and so never traps:
  ///     below 0 and not a number count as 0, more than 1 000 000 as that. Default: 1.
  ///   - version: The version of the software that it runs. Default: not said.
  public init(
    id: String, service: String, address: String = "", metadata: [String: String] = [:], zone: String? = nil,
    weight: Double = 1, version: String? = nil
  ) {
    self.id = id
    self.service = service
    self.address = address
    self.metadata = metadata
    self.zone = zone
    // Not a number is neither above 0 nor below it.
    self.weight = weight > 0 ? min(weight, 1_000_000) : 0
    self.version = version
  }
}

extension ServiceInstance: Hashable {
  /// Whether both say the same; ids, services and addresses byte for byte.
  public static func == (left: ServiceInstance, right: ServiceInstance) -> Bool {
    left.id.isIdentical(to: right.id) && left.service.isIdentical(to: right.service)
      && left.address.isIdentical(to: right.address) && left.weight == right.weight && left.zone == right.zone
      && left.version == right.version && left.metadata == right.metadata
  }

  /// Hashes what tells instances apart.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(id)
    hasher.combine(service)
    hasher.combine(address)
  }
}
