/// A policy out of a document says what no bulkhead can do.
public struct InvalidBulkheadPolicy: Error, Hashable {
  /// The field, as the document spells it.
  public let field: String

  /// Its value, as text.
  public let value: String

  /// What it must be.
  public let requirement: String
}

extension InvalidBulkheadPolicy: CustomStringConvertible {
  /// The field, what it must be, and what it was.
  public var description: String { "a bulkhead's \(field) must be \(requirement), was \(value)" }
}
