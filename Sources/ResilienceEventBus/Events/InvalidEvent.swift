/// An attribute that CloudEvents 1.0 requires to have content is empty.
public struct InvalidEvent: Error, Hashable, CustomStringConvertible {
  /// The attribute: `id`, `source` or `subject`.
  public let field: String

  /// What it held.
  public let value: String

  /// Names the attribute.
  public var description: String {
    "an event's \(field) must not be empty, was \"\(value)\": CloudEvents 1.0 requires it"
  }

  static func requireContent(_ value: String?, in field: String) throws(InvalidEvent) {
    if let value, value.isEmpty { throw InvalidEvent(field: field, value: value) }
  }
}
