/// One running copy of a service: who it is and where it is reached.
public struct ServiceInstance: Sendable, Hashable {
  /// What tells the instance from others of its service; registering the same id again replaces it.
  public let id: String

  /// The name of the service it is an instance of.
  public let service: String

  /// Where it is reached, in whatever form the caller's transport wants: `10.0.0.7:8080`, a URL, a socket path.
  public let address: String

  /// Facts for the builder of the call: version, zone, protocol.
  public let metadata: [String: String]

  /// Creates an instance.
  ///
  /// - Parameters:
  ///   - id: Unique within the service; it orders snapshots, and labels events and metrics.
  ///   - service: The name of the service.
  ///   - address: Where it is reached. Default: empty, for services in the same process.
  ///   - metadata: Facts for the builder of the call. Default: none.
  public init(id: String, service: String, address: String = "", metadata: [String: String] = [:]) {
    self.id = id
    self.service = service
    self.address = address
    self.metadata = metadata
  }
}
