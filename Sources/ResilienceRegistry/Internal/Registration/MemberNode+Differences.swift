// Two snapshots of a service share the nodes that have not changed in between. What is looked at to find the
// others is what lies beside the way to them.

extension MemberNode {
  /// The members of an earlier tree and of this one, in order, without those of leaves that both have.
  func membersNotShared(with old: MemberNode) -> (old: [ServiceMember], new: [ServiceMember]) {
    var (gone, come): ([[ServiceMember]], [[ServiceMember]]) = ([], [])
    appendLeavesNotShared(with: old, to: &come, and: &gone)
    return (Self.joined(gone), Self.joined(come))
  }

  private func appendLeavesNotShared(
    with old: MemberNode, to come: inout [[ServiceMember]], and gone: inout [[ServiceMember]]
  ) {
    if isShared(with: old) { return }
    guard !children.isEmpty, !old.children.isEmpty else {
      old.appendLeaves(to: &gone)
      appendLeaves(to: &come)
      return
    }
    let common = min(children.count, old.children.count)
    var front = 0
    while front < common, children[front].isShared(with: old.children[front]) { front += 1 }
    var back = 0
    while back < common - front,
      children[children.count - 1 - back].isShared(with: old.children[old.children.count - 1 - back])
    {
      back += 1
    }
    let changed = children[front..<(children.count - back)]
    let former = old.children[front..<(old.children.count - back)]
    if changed.count == former.count {
      for (child, before) in zip(changed, former) {
        child.appendLeavesNotShared(with: before, to: &come, and: &gone)
      }
    } else {
      // A node was split or joined.
      for child in former { child.appendLeaves(to: &gone) }
      for child in changed { child.appendLeaves(to: &come) }
    }
  }

  private func appendLeaves(to leaves: inout [[ServiceMember]]) {
    if children.isEmpty { leaves.append(members) }
    for child in children { child.appendLeaves(to: &leaves) }
  }

  private static func joined(_ leaves: [[ServiceMember]]) -> [ServiceMember] {
    leaves.count == 1 ? leaves[0] : leaves.flatMap(\.self)
  }

  /// Whether both are the same memory, and so the same members.
  private func isShared(with other: MemberNode) -> Bool {
    guard count == other.count else { return false }
    return children.isEmpty ? members.isShared(with: other.members) : children.isShared(with: other.children)
  }
}

extension Array {
  fileprivate func isShared(with other: [Element]) -> Bool {
    count == other.count
      && withUnsafeBufferPointer { mine in
        other.withUnsafeBufferPointer { mine.baseAddress == $0.baseAddress }
      }
  }
}
