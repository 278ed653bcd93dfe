/// A rate limit from outside, such as a policy document, is none.
public struct InvalidRateLimit: Error, Hashable {
  /// Which of its fields: `permits`, `period` or `burst`.
  public let field: String

  /// What was in it.
  public let value: String

  /// What it must be.
  public let requirement: String

  /// Creates an error.
  public init(field: String, value: String, requirement: String) {
    self.field = field
    self.value = value
    self.requirement = requirement
  }
}

extension InvalidRateLimit: CustomStringConvertible {
  /// Names the field, what it must be, and what it was.
  public var description: String { "a rate limit's \(field) must be \(requirement), was \(value)" }
}
