/// A policy document that says what no policy can be: what reading a policy throws where its initialiser
/// would trap.
///
/// Thrown for a value that is out of its range or of the wrong type, for a field that is missing and has no
/// default, and for a field that is not known, as a misspelt one would else be a default that nobody asked
/// for. A document that is no JSON at all throws the decoder's own error.
public struct InvalidSetting: Error, Hashable, CustomStringConvertible {
  /// Where it stands: the keys from the outermost inwards, such as `backoff.base` or `backoff.delays[1]`;
  /// `document` for the whole.
  public let field: String

  /// The value as the document has it; `missing`, or `[…]` and `{…}` for a list and an object.
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

// MARK: - Of values

extension InvalidSetting {
  /// `nil` if `value` is within `range`.
  package static func outside<Value: Comparable>(
    _ range: ClosedRange<Value>, _ field: String, _ value: Value
  ) -> InvalidSetting? {
    unless(
      range.contains(value), field, value, "in \(text(range.lowerBound)) ... \(text(range.upperBound))")
  }

  /// `nil` if `condition` holds.
  package static func unless(
    _ condition: Bool, _ field: String, _ value: some Any, _ requirement: @autoclosure () -> String
  ) -> InvalidSetting? {
    condition ? nil : InvalidSetting(field: field, value: text(value), requirement: requirement())
  }

  private static func text(_ value: some Any) -> String {
    (value as? Duration).map { DurationText($0).description } ?? "\(value)"
  }
}

// MARK: - Of documents

extension InvalidSetting {
  /// What `decoder` stands at is not what is required.
  package init(at decoder: any Decoder, _ requirement: String) {
    self.init(
      field: Self.field(decoder.codingPath), value: FoundValue(from: decoder).text, requirement: requirement)
  }

  static func field(_ path: [any CodingKey]) -> String {
    guard !path.isEmpty else { return "document" }
    return path.reduce(into: "") { field, key in
      if let index = key.intValue {
        field += "[\(index)]"
      } else {
        field += field.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }
}
