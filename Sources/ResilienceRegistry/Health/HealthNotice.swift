internal import ResilienceCore

/// What has changed in a service since the last notice, for a person.
public struct HealthNotice: Sendable, Hashable, CustomStringConvertible {
  /// How one instance has changed.
  public struct Change: Sendable, Hashable, CustomStringConvertible {
    /// As it was; `nil` for one that is new.
    public let before: ServiceMember?
    /// As it is; `nil` for one that has gone.
    public let after: ServiceMember?

    /// The instance and both its conditions: `inventory-3: healthy -> unhealthy`.
    public var description: String {
      let id = (after ?? before)?.instance.id ?? ""
      return "\(id): \(Self.text(before)) -> \(Self.text(after))"
    }

    private static func text(_ member: ServiceMember?) -> String {
      guard let member else { return "absent" }
      let state = member.state == .inService ? "" : ", \(member.state.rawValue)"
      return member.health.rawValue + state + (member.isSuspect ? ", suspect" : "")
    }
  }

  /// The instances that are in another condition now, in the order of their ids.
  public let changes: [Change]

  /// The service as it is.
  public let snapshot: ServiceSnapshot

  /// What changed between two snapshots; `nil` for nothing that a person would call a change.
  init?(from before: ServiceSnapshot, to after: ServiceSnapshot) {
    changes = Self.changes(before.members, after.members)
    snapshot = after
    guard
      !changes.isEmpty || before.isPanicking != after.isPanicking || before.isStale != after.isStale
    else { return nil }
  }

  /// The service, how it is, and each change.
  public var description: String {
    let unhealthy = snapshot.members.count { $0.health == .unhealthy }
    let panic = snapshot.isPanicking ? ", all are tried" : ""
    let stale = snapshot.isStale ? ", as known last" : ""
    return "\(snapshot.service): \(unhealthy) of \(snapshot.members.count) unhealthy\(panic)\(stale)"
      + changes.map { "; \($0)" }.joined()
  }

  private static func changes(_ old: ServiceMembers, _ new: ServiceMembers) -> [Change] {
    var changes: [Change] = []
    var (olds, news) = (old.makeIterator(), new.makeIterator())
    var (before, after) = (olds.next(), news.next())
    while before != nil || after != nil {
      switch order(before, after) {
      case .gone:
        changes.append(Change(before: before, after: nil))
        before = olds.next()
      case .new:
        changes.append(Change(before: nil, after: after))
        after = news.next()
      case .same:
        if condition(before) != condition(after) { changes.append(Change(before: before, after: after)) }
        (before, after) = (olds.next(), news.next())
      }
    }
    return changes
  }

  private enum Order { case gone, new, same }

  private static func order(_ before: ServiceMember?, _ after: ServiceMember?) -> Order {
    guard let before else { return .new }
    guard let after else { return .gone }
    if before.instance.id.isIdentical(to: after.instance.id) { return .same }
    return before.instance.id.isOrdered(before: after.instance.id) ? .gone : .new
  }

  private struct Condition: Equatable {
    let health: HealthStatus
    let state: InstanceState
    let isSuspect: Bool
  }

  private static func condition(_ member: ServiceMember?) -> Condition? {
    member.map { Condition(health: $0.health, state: $0.state, isSuspect: $0.isSuspect) }
  }
}
