/// Which events a group gets, by their type's name.
public enum EventFilter: Sendable, Hashable {
  /// Those of one type.
  case type(String)

  /// Those whose type begins so: `order.` for `order.placed` and `order.paid`. Compared byte by byte.
  case prefix(String)

  /// All.
  case all

  /// Whether events of a type pass.
  public func matches(_ type: String) -> Bool {
    switch self {
    case .type(let name): name.utf8.elementsEqual(type.utf8)
    case .prefix(let prefix): type.utf8.starts(with: prefix.utf8)
    case .all: true
    }
  }
}

extension EventFilter: CustomStringConvertible {
  /// The type, the prefix with a `*`, or `*`.
  public var description: String {
    switch self {
    case .type(let name): name
    case .prefix(let prefix): prefix + "*"
    case .all: "*"
    }
  }
}
