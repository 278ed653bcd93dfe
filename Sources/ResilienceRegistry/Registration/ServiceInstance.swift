/// One running copy of a service: who it is and where it is reached.
public struct ServiceInstance: Sendable, Hashable {
  /// What tells the instance from others of its service; registering the same id again replaces it.
  public let id: String

  /// The name of the service it is an instance of.
  public let service: String

  /// Where it is reached, in whatever form the caller's transport wants: `10.0.0.7:8080`, a URL, a socket path.
  public let address: String

  /// Facts for the builder of the call: protocol, owner.
  public let metadata: [String: String]

  /// Where it runs, as callers that prefer their own zone spell it; `nil` when nobody said.
  public let zone: String?

  /// How many calls it is to get in proportion to its neighbours', 0 to 1 000 000; with 0 it gets nothing.
  public let weight: Double

  /// Which build it runs, for people and for the builder of the call; `nil` when nobody said.
  public let version: String?

  /// Creates an instance.
  ///
  /// - Parameters:
  ///   - id: Unique within the service; it orders snapshots, and labels events and metrics.
  ///   - service: The name of the service.
  ///   - address: Where it is reached. Default: empty, for services in the same process.
  ///   - metadata: Facts for the builder of the call. Default: none.
  ///   - zone: Where it runs. Default: nobody said.
  ///   - weight: Its share in proportion to its neighbours', 0 for nothing. It may come from outside, so it is clamped to
  ///     0 ... 1 000 000, and what is no number is 0. Default: 1.
  ///   - version: Which build it runs. Default: nobody said.
  public init(
    id: String, service: String, address: String = "", metadata: [String: String] = [:], zone: String? = nil,
    weight: Double = 1, version: String? = nil
  ) {
    self.id = id
    self.service = service
    self.address = address
    self.metadata = metadata
    self.zone = zone
    self.weight = weight > 0 ? min(weight, 1_000_000) : 0
    self.version = version
  }
}
