/// How many registrations there are of each kind, kept as they change.
struct MemberCounts: Sendable, Hashable {
  private(set) var healthy = 0
  private(set) var unhealthy = 0
  private(set) var unknown = 0
  private(set) var draining = 0
  private(set) var outOfService = 0
  private(set) var suspect = 0
  private var inService = 0
  private var unhealthyInService = 0

  var isPanicking: Bool { inService > 0 && unhealthyInService == inService }

  mutating func replace(_ old: ServiceMember?, with new: ServiceMember?) {
    if let old { add(old, -1) }
    if let new { add(new, 1) }
  }

  private mutating func add(_ member: ServiceMember, _ step: Int) {
    switch member.health {
    case .healthy: healthy += step
    case .unhealthy: unhealthy += step
    case .unknown: unknown += step
    }
    switch member.state {
    case .inService:
      inService += step
      if member.health == .unhealthy { unhealthyInService += step }
    case .draining: draining += step
    case .outOfService: outOfService += step
    }
    if member.isSuspect { suspect += step }
  }
}
