public import ResilienceCore

/// All instances of one service at one moment.
public struct ServiceSnapshot: Sendable, Hashable {
  /// The name of the service.
  public let service: String

  /// Grows with every change that shows here: of two snapshots of one service, the higher is the newer.
  public let version: UInt64

  /// The registrations, in the order of their instances' ids, those included that take no calls.
  public let members: ServiceMembers

  /// Whether there are instances in service, and every one of them is unhealthy.
  ///
  /// Then all of them are tried: checks that all fail at once more often have a common cause (the checker's
  /// network, a dependency of the check) than they are right.
  public let isPanicking: Bool

  /// Since when the service's store cannot be reached, so that the members are those that were known last;
  /// `nil` while they are up to date, and always for a service without a store.
  public let staleSince: Instant?

  /// The instances, in the order of their ids.
  public var instances: [ServiceInstance] { members.map(\.instance) }

  /// Whether the members are those that were known last, and not up to date.
  public var isStale: Bool { staleSince != nil }

  init(
    service: String, version: UInt64 = 0, members: ServiceMembers = ServiceMembers(),
    isPanicking: Bool = false,
    staleSince: Instant? = nil
  ) {
    self.service = service
    self.version = version
    self.members = members
    self.isPanicking = isPanicking
    self.staleSince = staleSince
  }

  init(service: String, version: UInt64, members: some Sequence<ServiceMember>) {
    var (tree, counts) = (ServiceMembers(), MemberCounts())
    for member in members { counts.replace(tree.put(member), with: member) }
    self.init(service: service, version: version, members: tree, isPanicking: counts.isPanicking)
  }
}
