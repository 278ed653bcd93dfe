/// A value of a limit or policy that was read from a document is out of its range.
public struct InvalidRateLimitValue: Error, Hashable {
  /// The field's name, as the document has it.
  public let field: String

  /// The value, as text.
  public let value: String

  /// What would have been valid, in words.
  public let expected: String

  /// Creates an error.
  public init(_ field: String, _ value: some CustomStringConvertible, expected: String) {
    self.field = field
    self.value = value.description
    self.expected = expected
  }
}

extension InvalidRateLimitValue: CustomStringConvertible {
  /// Names the field, what is expected and what was found.
  public var description: String { "\(field) must be \(expected), was \(value)" }
}
