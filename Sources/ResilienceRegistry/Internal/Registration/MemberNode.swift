internal import ResilienceCore

/// A node of a B+ tree of registrations by id. A leaf has members, an inner node children.
///
/// Plain arrays: what nobody else holds is changed in place, and what a snapshot holds is copied on the way
/// to the change.
struct MemberNode: Sendable {
  static let width = 32

  private(set) var members: [ServiceMember] = []
  private(set) var children: [MemberNode] = []
  private(set) var count = 0

  init() {}

  init(children: [MemberNode]) {
    self.children = children
    count = children.reduce(0) { $0 + $1.count }
  }

  private init(members: [ServiceMember]) {
    self.members = members
    count = members.count
  }

  private var width: Int { children.isEmpty ? members.count : children.count }

  private var lowest: String { children.isEmpty ? members[0].instance.id : children[0].lowest }
}

// MARK: - Finding

extension MemberNode {
  func member(withID id: String) -> ServiceMember? {
    if !children.isEmpty { return children[child(for: id)].member(withID: id) }
    let index = position(of: id)
    return isAt(index, id) ? members[index] : nil
  }

  /// The leaf that holds the member at `position`, and its place there.
  func leaf(at position: Int) -> (leaf: [ServiceMember], offset: Int) {
    var rest = position
    for child in children {
      if rest < child.count { return child.leaf(at: rest) }
      rest -= child.count
    }
    return (members, rest)
  }

  private func isAt(_ index: Int, _ id: String) -> Bool {
    index < members.count && members[index].instance.id.isIdentical(to: id)
  }

  /// Of a leaf: where the id is, or belongs.
  private func position(of id: String) -> Int {
    var (low, high) = (0, members.count)
    while low < high {
      let middle = (low + high) / 2
      if members[middle].instance.id.isOrdered(before: id) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Of an inner node: the last child that does not begin after the id, or the first.
  private func child(for id: String) -> Int {
    var (low, high) = (1, children.count)
    while low < high {
      let middle = (low + high) / 2
      if id.isOrdered(before: children[middle].lowest) { high = middle } else { low = middle + 1 }
    }
    return low - 1
  }
}

// MARK: - Changing

extension MemberNode {
  /// - Returns: What was there under the id, and the upper half of the node if it had to be split.
  mutating func put(_ member: ServiceMember) -> (replaced: ServiceMember?, split: MemberNode?) {
    let id = member.instance.id
    if children.isEmpty {
      let index = position(of: id)
      if isAt(index, id) {
        let replaced = members[index]
        members[index] = member
        return (replaced, nil)
      }
      members.insert(member, at: index)
      count += 1
      return (nil, splitOff())
    }
    let index = child(for: id)
    let (replaced, split) = children[index].put(member)
    if replaced == nil { count += 1 }
    if let split { children.insert(split, at: index + 1) }
    return (replaced, splitOff())
  }

  mutating func remove(_ id: String) -> ServiceMember? {
    if children.isEmpty {
      let index = position(of: id)
      guard isAt(index, id) else { return nil }
      count -= 1
      return members.remove(at: index)
    }
    let index = child(for: id)
    guard let removed = children[index].remove(id) else { return nil }
    count -= 1
    joinIfNarrow(index)
    return removed
  }

  private mutating func splitOff() -> MemberNode? {
    guard width > Self.width else { return nil }
    let middle = width / 2
    let upper =
      children.isEmpty
      ? MemberNode(members: Array(members[middle...])) : MemberNode(children: Array(children[middle...]))
    if children.isEmpty { members.removeSubrange(middle...) } else { children.removeSubrange(middle...) }
    count -= upper.count
    return upper
  }

  /// Joins a child that has become narrow with a neighbour, if both fit into one.
  private mutating func joinIfNarrow(_ index: Int) {
    if children[index].count == 0 {
      children.remove(at: index)
      return
    }
    guard children[index].width < Self.width / 4, children.count > 1 else { return }
    let left = index > 0 ? index - 1 : index
    guard children[left].width + children[left + 1].width <= Self.width else { return }
    let right = children.remove(at: left + 1)
    children[left].members += right.members
    children[left].children += right.children
    children[left].count += right.count
  }
}
