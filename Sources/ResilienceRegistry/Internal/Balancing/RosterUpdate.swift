/// The list that a balancer goes by, for finding out what is different now.
struct FollowedRoster {
  let known: [ServiceMember]
  let version: UInt64
  let subsetSize: Int?
  let seed: UInt64

  /// Compares the list with a newer one: as many steps as there are instances, and so not under a lock.
  func update(to snapshot: ServiceSnapshot) -> RosterUpdate {
    let all = Array(snapshot.members)
    let members = subsetSize.map { all.subset(of: $0, seed: seed) } ?? all
    return RosterUpdate(
      baseVersion: version, version: snapshot.version, members: members,
      changes: RosterChange.between(known, members))
  }
}

/// A newer list, and how it comes about from the one of `baseVersion`.
struct RosterUpdate {
  let baseVersion: UInt64
  let version: UInt64
  let members: [ServiceMember]
  let changes: [RosterChange]
}
