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
  }

  /// The fact's name, in lower-case words joined by dots, with its unit where it has one: `delay.nanoseconds`.
  public var name: String

  /// The fact.
  public var value: Value

  /// Creates an attribute.
  public init(_ name: String, _ value: Value) {
    self.name = name
    self.value = value
  }
}
