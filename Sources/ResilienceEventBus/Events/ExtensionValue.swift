/// The value of an extension attribute of CloudEvents.
///
/// Bytes, URIs and times are their text. Where only text travels, as in header fields, a number or a truth
/// value comes back as its text.
public enum ExtensionValue: Sendable, Hashable {
  /// Text; not empty.
  case string(String)
  /// A whole number of 32 bits.
  case integer(Int32)
  /// A truth value.
  case boolean(Bool)
}

extension ExtensionValue: CustomStringConvertible {
  /// The value as text, in the canonical form of CloudEvents: `true`, `-5`.
  public var description: String {
    switch self {
    case .string(let text): text
    case .integer(let number): "\(number)"
    case .boolean(let value): value ? "true" : "false"
    }
  }
}

extension ExtensionValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
  /// Creates a text.
  public init(stringLiteral value: String) { self = .string(value) }

  /// Creates a number.
  public init(integerLiteral value: Int32) { self = .integer(value) }

  /// Creates a truth value.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
}
