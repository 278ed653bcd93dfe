/// The fields below a key.
struct ConfigFields<Key: CodingKey>: KeyedDecodingContainerProtocol {
  private let decoder: ConfigDecoder

  init(_ decoder: ConfigDecoder) {
    self.decoder = decoder
  }

  var codingPath: [any CodingKey] { decoder.codingPath }

  /// A configuration tells no keys.
  var allKeys: [Key] { [] }

  func contains(_ key: Key) -> Bool {
    let child = decoder.child(key)
    defer { decoder.adopt(child) }
    return child.isThere
  }

  func decodeNil(forKey key: Key) throws -> Bool { !contains(key) }

  func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
    let child = decoder.child(key)
    defer { decoder.adopt(child) }
    // `1` and `true` are the same to a provider: only who asks knows.
    if type == Bool.self, let flag = child.flag { return flag as? Value }
    return try child.valueIfFound(type)
  }

  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    let child = decoder.child(key)
    defer { decoder.adopt(child) }
    return try Value(from: child)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try decoder.child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder.child(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { decoder }

  func superDecoder(forKey key: Key) throws -> any Decoder { decoder.child(key) }
}
