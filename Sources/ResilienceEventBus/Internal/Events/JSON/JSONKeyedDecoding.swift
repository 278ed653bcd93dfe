internal import ResilienceCore

struct JSONKeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let members: [JSONValue.Member]
  private let index: [Identifier: Int]
  let codingPath: [any CodingKey]

  init(_ value: JSONValue, at path: [any CodingKey]) throws {
    guard case .object(let members) = value else {
      throw JSONTreeDecoder.mismatch([String: Any].self, "an object", value, at: path)
    }
    self.members = members
    // Of equal names the last counts.
    index = Dictionary(
      members.enumerated().map { (Identifier($0.element.key), $0.offset) }, uniquingKeysWith: { $1 })
    codingPath = path
  }

  var allKeys: [Key] {
    members.enumerated().filter { index[Identifier($0.element.key)] == $0.offset }
      .compactMap { Key(stringValue: $0.element.key) }
  }

  private func member(_ key: any CodingKey) -> JSONValue? {
    index[Identifier(key.stringValue)].map { members[$0].value }
  }

  private func required(_ key: any CodingKey) throws -> JSONValue {
    guard let value = member(key) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "there is no \"\(key.stringValue)\""))
    }
    return value
  }

  func contains(_ key: Key) -> Bool { member(key) != nil }

  func decodeNil(forKey key: Key) throws -> Bool {
    if case .null = try required(key) { true } else { false }
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try JSONTreeDecoder.decode(type, from: required(key), at: codingPath + [key])
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    KeyedDecodingContainer(try JSONKeyedDecoding<Nested>(required(key), at: codingPath + [key]))
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try JSONUnkeyedDecoding(required(key), at: codingPath + [key])
  }

  func superDecoder() throws -> any Decoder {
    JSONTreeDecoder(value: member(JSONKey.super) ?? .null, codingPath: codingPath + [JSONKey.super])
  }

  func superDecoder(forKey key: Key) throws -> any Decoder {
    JSONTreeDecoder(value: member(key) ?? .null, codingPath: codingPath + [key])
  }
}
