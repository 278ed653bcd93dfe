internal import ResilienceCore

/// Consumers that share the work, as a broker knows them.
public struct BrokerGroup: Sendable, Hashable {
  /// Where a group that is made begins.
  public enum Start: Sendable, Hashable {
    /// With what is published from then on.
    case now
    /// With the oldest event that the broker has kept.
    case oldest
  }

  /// The name; not empty.
  public let name: String

  /// Which events it gets.
  public let filter: EventFilter

  /// Where it begins if it is not there yet.
  public let start: Start

  /// Describes a group.
  ///
  /// - Parameters:
  ///   - name: Not empty; traps when it is.
  ///   - filter: Which events it gets. Default: all.
  ///   - start: Where it begins. Default: now.
  public init(_ name: String, filter: EventFilter = .all, start: Start = .now) {
    precondition(!name.isEmpty, "a group's name must not be empty")
    self.name = name
    self.filter = filter
    self.start = start
  }
}

extension BrokerGroup: CustomStringConvertible {
  /// The name, and what it gets.
  public var description: String { SafeText.escaped("\(name) of \(filter)") }
}
