/// One fact of an event.
public struct EventAttribute: Sendable, Hashable {
  /// A value that every exporter can write.
  public enum Value: Sendable, Hashable, CustomStringConvertible {
    /// Text.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// A number.
    case number(Double)
    /// A truth value.
    case boolean(Bool)

    /// The value as text.
    public var description: String {
      switch self {
      case .string(let value): value
      case .integer(let value): "\(value)"
      case .number(let value): "\(value)"
      case .boolean(let value): "\(value)"
      }
    }

    /// The value as text on one line: what would move the cursor, colour a terminal or turn the reading
    /// direction is written as `\n` or `\u{1B}`. For a log, where a value from outside must not forge a line.
    public var escaped: String { SafeText.escaped(description) }
  }

  /// The fact's name in snake case, with its unit where it has one: `delay_seconds`.
  public var name: String

  /// The fact.
  public var value: Value

  /// Creates an attribute.
  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }
}

extension EventAttribute {
  /// A duration, in seconds; the name gets the unit.
  package static func seconds(_ name: String, _ duration: Duration) -> EventAttribute {
    EventAttribute("\(name)_seconds", .number(Double(duration.clampedNanoseconds) / 1_000_000_000))
  }

  /// The time from one instant to a later one, in seconds; 0 if it is none.
  package static func seconds(_ name: String, from instant: Instant, to later: Instant) -> EventAttribute {
    seconds(name, .nanoseconds(max(0, instant.nanoseconds(to: later))))
  }
}
