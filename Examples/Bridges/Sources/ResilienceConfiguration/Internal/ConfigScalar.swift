/// A single value.
struct ConfigScalar: SingleValueDecodingContainer {
  let decoder: ConfigDecoder

  init(_ decoder: ConfigDecoder) {
    self.decoder = decoder
  }

  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { !decoder.isThere }

  /// Nothing that is a number as well.
  func decode(_ type: Bool.Type) throws -> Bool {
    guard decoder.number == nil, let flag = decoder.flag else { throw decoder.mismatch("true or false") }
    return flag
  }

  func decode(_ type: String.Type) throws -> String {
    guard let text = decoder.string else { throw decoder.mismatch("a text") }
    return text
  }

  func decode(_ type: Double.Type) throws -> Double {
    guard let number = decoder.number else { throw decoder.mismatch("a number") }
    return number
  }

  func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  func decode(_ type: Int.Type) throws -> Int { try integer() }
  func decode(_ type: Int8.Type) throws -> Int8 { try integer() }
  func decode(_ type: Int16.Type) throws -> Int16 { try integer() }
  func decode(_ type: Int32.Type) throws -> Int32 { try integer() }
  func decode(_ type: Int64.Type) throws -> Int64 { try integer() }
  func decode(_ type: UInt.Type) throws -> UInt { try integer() }
  func decode(_ type: UInt8.Type) throws -> UInt8 { try integer() }
  func decode(_ type: UInt16.Type) throws -> UInt16 { try integer() }
  func decode(_ type: UInt32.Type) throws -> UInt32 { try integer() }
  func decode(_ type: UInt64.Type) throws -> UInt64 { try integer() }

  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try Value(from: decoder) }

  private func integer<Value: FixedWidthInteger>() throws -> Value {
    guard let number = decoder.integer, let value = Value(exactly: number) else {
      throw decoder.mismatch("a whole number")
    }
    return value
  }
}
