/// The list that a balancer goes by, for finding out what is different now.
struct FollowedRoster {
  let known: ServiceMembers
  let version: UInt64
  let subsetSize: Int?
  let seed: UInt64

  /// Compares the list with a newer one: a step for each leaf of both, and one for each member of those that
  /// differ. Not under a lock all the same.
  func update(to snapshot: ServiceSnapshot) -> RosterUpdate {
    let members =
      subsetSize.map { ServiceMembers(Array(snapshot.members).subset(of: $0, seed: seed)) }
      ?? snapshot.members
    return RosterUpdate(
      baseVersion: version, version: snapshot.version, members: members,
      changes: RosterChange.between(known, members))
  }
}

/// A newer list, and how it comes about from the one of `baseVersion`.
struct RosterUpdate {
  let baseVersion: UInt64
  let version: UInt64
  let members: ServiceMembers
  let changes: [RosterChange]
}
