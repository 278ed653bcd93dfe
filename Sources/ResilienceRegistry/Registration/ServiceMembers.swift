/// The registrations of a service in the order of their instances' ids.
///
/// A collection that shares its parts with the snapshots before and after it: taking one is free, and a
/// change copies what lies between it and the root, however many instances there are.
///
/// - Complexity: A change and a subscript are O(log n); iterating is O(1) for each element.
public struct ServiceMembers: Sendable {
  var root = MemberNode()

  init() {}

  init(_ members: some Sequence<ServiceMember>) {
    for member in members { put(member) }
  }

  /// How many registrations there are.
  public var count: Int { root.count }

  /// The registration of this id, byte for byte; `nil` if there is none.
  public func member(withID id: String) -> ServiceMember? { root.member(withID: id) }

  /// - Returns: The registration that was there under this id.
  @discardableResult
  mutating func put(_ member: ServiceMember) -> ServiceMember? {
    let (replaced, split) = root.put(member)
    if let split { root = MemberNode(children: [root, split]) }
    return replaced
  }

  @discardableResult
  mutating func remove(_ id: String) -> ServiceMember? {
    let removed = root.remove(id)
    while root.children.count == 1 { root = root.children[0] }
    return removed
  }
}

extension ServiceMembers: RandomAccessCollection {
  /// The first position.
  public var startIndex: Int { 0 }

  /// The position after the last.
  public var endIndex: Int { count }

  /// The registration at a position.
  public subscript(position: Int) -> ServiceMember {
    precondition(position >= 0 && position < count, "there are \(count) members, and none at \(position)")
    let (leaf, offset) = root.leaf(at: position)
    return leaf[offset]
  }

  /// Begins at the first id.
  public func makeIterator() -> Iterator { Iterator(members: self) }

  /// Goes from id to id.
  public struct Iterator: IteratorProtocol {
    private let members: ServiceMembers
    private var leaf: [ServiceMember] = []
    private var offset = 0
    private var position = 0

    init(members: ServiceMembers) {
      self.members = members
    }

    /// The next registration.
    public mutating func next() -> ServiceMember? {
      if offset == leaf.count {
        guard position < members.count else { return nil }
        (leaf, offset) = members.root.leaf(at: position)
      }
      defer {
        offset += 1
        position += 1
      }
      return leaf[offset]
    }
  }
}

extension ServiceMembers: Hashable {
  /// Whether both hold the same registrations, with the same said of each.
  public static func == (left: ServiceMembers, right: ServiceMembers) -> Bool {
    left.count == right.count && left.elementsEqual(right)
  }

  /// Hashes the registrations.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for member in self { hasher.combine(member.epoch) }
  }
}
