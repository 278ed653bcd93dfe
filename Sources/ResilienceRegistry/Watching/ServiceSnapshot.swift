/// All instances of one service at one moment.
public struct ServiceSnapshot: Sendable, Hashable {
  /// The name of the service.
  public let service: String

  /// Grows with every change of the members or of their health: of two snapshots of one service, the higher is the newer.
  public let version: UInt64

  /// The registrations, in the order of their instances' ids.
  public let members: [ServiceMember]

  /// The instances, in the order of their ids.
  public var instances: [ServiceInstance] { members.map(\.instance) }

  /// Whether there are instances, and every one of them is unhealthy.
  ///
  /// Then all of them are tried: checks that all fail at once more often have a common cause (the checker's network, a
  /// dependency of the check) than they are right.
  public var isPanicking: Bool {
    !members.isEmpty && members.allSatisfy { $0.health == .unhealthy }
  }
}
