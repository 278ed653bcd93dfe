/// Decodes any `Decodable` type from JSON.
struct JSONTreeDecoder: Decoder {
  let value: JSONValue
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
    try decode(type, from: try JSONParser.parse(bytes), at: [])
  }

  static func decode<Value: Decodable>(
    _ type: Value.Type, from value: JSONValue, at path: [any CodingKey]
  ) throws -> Value {
    guard let primitive = type as? any JSONPrimitive.Type else {
      return try type.init(from: JSONTreeDecoder(value: value, codingPath: path))
    }
    guard let decoded = primitive.init(jsonValue: value) as? Value else {
      throw mismatch(type, nil, value, at: path)
    }
    return decoded
  }

  static func mismatch(
    _ type: Any.Type, _ expected: String?, _ value: JSONValue, at path: [any CodingKey]
  ) -> DecodingError {
    var found = value.kind
    if case .number(let text) = value { found = "the number \(text.prefix(40))" }
    let context = DecodingError.Context(
      codingPath: path, debugDescription: "expected \(expected ?? "\(type)"), found \(found)")
    if case .null = value { return .valueNotFound(type, context) }
    return .typeMismatch(type, context)
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(try JSONKeyedDecoding(value, at: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try JSONUnkeyedDecoding(value, at: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    JSONSingleValueDecoding(value: value, codingPath: codingPath)
  }
}

struct JSONSingleValueDecoding: SingleValueDecodingContainer {
  let value: JSONValue
  let codingPath: [any CodingKey]

  func decodeNil() -> Bool { if case .null = value { true } else { false } }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONTreeDecoder.decode(type, from: value, at: codingPath)
  }
}

struct JSONUnkeyedDecoding: UnkeyedDecodingContainer {
  private let elements: [JSONValue]
  let codingPath: [any CodingKey]
  private(set) var currentIndex = 0

  init(_ value: JSONValue, at path: [any CodingKey]) throws {
    guard case .array(let elements) = value else {
      throw JSONTreeDecoder.mismatch([Any].self, "an array", value, at: path)
    }
    self.elements = elements
    codingPath = path
  }

  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }
  private var nextPath: [any CodingKey] { codingPath + [JSONKey(intValue: currentIndex)] }

  private func next(_ type: Any.Type) throws -> JSONValue {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type, .init(codingPath: nextPath, debugDescription: "the array has \(elements.count) elements"))
    }
    return elements[currentIndex]
  }

  mutating func decodeNil() throws -> Bool {
    guard case .null = try next(Never.self) else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    let value = try JSONTreeDecoder.decode(type, from: next(type), at: nextPath)
    currentIndex += 1
    return value
  }

  mutating func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key>
  {
    let container = try JSONKeyedDecoding<Key>(next(type), at: nextPath)
    currentIndex += 1
    return KeyedDecodingContainer(container)
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try JSONUnkeyedDecoding(next([Any].self), at: nextPath)
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = JSONTreeDecoder(value: try next((any Decoder).self), codingPath: nextPath)
    currentIndex += 1
    return decoder
  }
}
