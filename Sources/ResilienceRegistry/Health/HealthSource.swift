/// Who reports on the health of instances.
///
/// The reports of several sources are kept side by side, the last of each. An instance is unhealthy while one
/// of them says so, else healthy while one does, else as it was registered.
public struct HealthSource: Sendable, Hashable {
  /// The name that events carry; empty means unnamed.
  public let name: String

  /// Whether it asks the instances themselves. A check that passes overrules whatever observers have said
  /// before.
  public let asks: Bool

  // Tells two runs of one monitor apart, so that the old one's end takes nothing from the new one.
  private let number: UInt64

  init(name: String, asks: Bool, number: UInt64 = 0) {
    self.name = name
    self.asks = asks
    self.number = number
  }

  /// A source that asks the instances themselves, such as a health check of one's own.
  ///
  /// - Parameter name: The name that events carry. Two sources of one name are one source.
  public static func checks(_ name: String) -> HealthSource { HealthSource(name: name, asks: true) }

  /// A source that sees how instances do, such as the calls to them. What it says holds until it says
  /// something else, for as long as it said, and until a check passes.
  ///
  /// - Parameter name: The name that events carry. Two sources of one name are one source.
  public static func observer(_ name: String) -> HealthSource { HealthSource(name: name, asks: false) }
}
