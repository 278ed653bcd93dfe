/// A text of a list.
struct ConfigElement: Decoder, SingleValueDecodingContainer {
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }
  private let text: String

  init(_ text: String, _ path: [any CodingKey]) {
    self.text = text
    codingPath = path
  }

  var mismatch: DecodingError {
    .typeMismatch(String.self, DecodingError.Context(codingPath: codingPath, debugDescription: "only a text"))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    throw mismatch
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw mismatch }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { false }

  func decode(_ type: String.Type) throws -> String { text }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    return try Value(from: self)
  }

  func decode(_ type: Bool.Type) throws -> Bool { try lossless() }
  func decode(_ type: Double.Type) throws -> Double { try lossless() }
  func decode(_ type: Float.Type) throws -> Float { try lossless() }
  func decode(_ type: Int.Type) throws -> Int { try lossless() }
  func decode(_ type: Int8.Type) throws -> Int8 { try lossless() }
  func decode(_ type: Int16.Type) throws -> Int16 { try lossless() }
  func decode(_ type: Int32.Type) throws -> Int32 { try lossless() }
  func decode(_ type: Int64.Type) throws -> Int64 { try lossless() }
  func decode(_ type: UInt.Type) throws -> UInt { try lossless() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try lossless() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try lossless() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try lossless() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try lossless() }

  private func lossless<Value: LosslessStringConvertible>() throws -> Value {
    guard let value = Value(text) else { throw mismatch }
    return value
  }
}
