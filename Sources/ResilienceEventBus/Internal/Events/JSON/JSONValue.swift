/// A JSON text as a tree. Numbers stay text, so that none loses a digit.
enum JSONValue: Sendable {
  struct Member: Sendable {
    let key: String
    let value: JSONValue
    /// Where the value is in the bytes.
    let range: Range<Int>
  }

  case null
  case boolean(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// How deep arrays and objects nest at most. Deeper text is refused: what reads it recurs.
  static let depthLimit = 256

  /// For errors.
  var kind: String {
    switch self {
    case .null: "null"
    case .boolean: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
