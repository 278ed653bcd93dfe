/// A policy document that holds an impossible value: what decoding a policy throws where its initialiser would trap.
public struct InvalidSetting: Error, Hashable, CustomStringConvertible {
  /// Where it stands: the keys from the outermost inwards, joined by dots, such as `backoff.base`.
  public let field: String

  /// The value as it was found.
  public let value: String

  /// What it must be.
  public let requirement: String

  /// Creates an error.
  public init(field: String, value: String, requirement: String) {
    self.field = field
    self.value = value
    self.requirement = requirement
  }

  /// The field, the value and what it must be.
  public var description: String { "\(field) must be \(requirement), was \(value)" }
}

extension InvalidSetting {
  /// Throws unless `condition` holds.
  package static func require(
    _ condition: Bool, _ key: some CodingKey, in path: [any CodingKey], _ value: some Any,
    _ requirement: String
  ) throws {
    guard !condition else { return }
    let field = (path + [key]).map(\.stringValue).joined(separator: ".")
    throw InvalidSetting(field: field, value: "\(value)", requirement: requirement)
  }
}
