internal import ResilienceCore

/// Which events a group gets, by their type's name. Two filters are equal if their names are the same bytes.
public enum EventFilter: Sendable, Hashable {
  /// Those of one type.
  case type(String)

  /// Those whose type begins so: `order.` for `order.placed` and `order.paid`. Compared byte by byte.
  case prefix(String)

  /// All.
  case all

  /// Whether both let the same events pass.
  public static func == (left: EventFilter, right: EventFilter) -> Bool {
    switch (left, right) {
    case (.type(let left), .type(let right)), (.prefix(let left), .prefix(let right)):
      left.isIdentical(to: right)
    case (.all, .all): true
    default: false
    }
  }

  /// Whether events of a type pass.
  public func matches(_ type: String) -> Bool {
    switch self {
    case .type(let name): name.isIdentical(to: type)
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
