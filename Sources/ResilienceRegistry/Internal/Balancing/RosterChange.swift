internal import ResilienceCore

/// What is different between two snapshots of a service.
enum RosterChange {
  case joined(ServiceMember)
  case left(epoch: UInt64)
  /// The same registration in another state.
  case changed(ServiceMember)

  /// Those that lead from one list to the other, in order. What both share is not looked at.
  static func between(_ old: ServiceMembers, _ new: ServiceMembers) -> [RosterChange] {
    let members = new.root.membersNotShared(with: old.root)
    return between(members.old, members.new)
  }

  /// Those that lead from one list to the other, in order. Reads single fields: a copied element counts
  /// references.
  private static func between(_ old: [ServiceMember], _ new: [ServiceMember]) -> [RosterChange] {
    let common = min(old.count, new.count)
    var changes: [RosterChange] = []
    var front = 0
    while front < common, old[front].epoch == new[front].epoch {
      if old[front].differs(from: new[front]) { changes.append(.changed(new[front])) }
      front += 1
    }
    var back = 0
    while back < common - front, old[old.count - 1 - back].epoch == new[new.count - 1 - back].epoch {
      let (one, other) = (old.count - 1 - back, new.count - 1 - back)
      if old[one].differs(from: new[other]) { changes.append(.changed(new[other])) }
      back += 1
    }
    let (gone, come) = (old[front..<(old.count - back)], new[front..<(new.count - back)])
    guard !gone.isEmpty || !come.isEmpty else { return changes }
    let stay = Set(come.lazy.map(\.epoch))
    for member in gone where !stay.contains(member.epoch) { changes.append(.left(epoch: member.epoch)) }
    var places: [UInt64: Int] = [:]
    for place in gone.indices { places[gone[place].epoch] = place }
    for member in come {
      guard let place = places[member.epoch] else {
        changes.append(.joined(member))
        continue
      }
      if old[place].differs(from: member) { changes.append(.changed(member)) }
    }
    return changes
  }
}

extension ServiceMember {
  /// May get calls while others may as well.
  var isWell: Bool { health != .unhealthy }

  /// Whether another state of the same registration makes a difference to who gets calls.
  func differs(from other: ServiceMember) -> Bool { health != other.health || state != other.state }
}

extension [ServiceMember] {
  /// So many of those that may get calls, the same ones for the same seed: whoever goes is replaced by one
  /// other.
  func subset(of size: Int, seed: UInt64) -> [ServiceMember] {
    guard count > size else { return self }
    let ranks = map { member in
      member.takesCalls ? SplitMix64.mix(stableHash(member.instance.id) ^ seed) : .max
    }
    let last = ranks.sorted()[size - 1]
    return zip(self, ranks).filter { $0.1 <= last }.map(\.0)
  }
}
