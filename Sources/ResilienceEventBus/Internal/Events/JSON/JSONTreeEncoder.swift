internal import ResilienceCore

/// Encodes any `Encodable` value as JSON, members in the order in which the value encodes them.
struct JSONTreeEncoder: Encoder {
  let node: JSONNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  static func encode(_ value: some Encodable) throws -> [UInt8] {
    let node = JSONNode()
    try encode(value, into: node, at: [])
    var writer = JSONWriter()
    node.write(to: &writer)
    return writer.bytes
  }

  static func encode(_ value: some Encodable, into node: JSONNode, at path: [any CodingKey]) throws {
    if let primitive = value as? any JSONPrimitive {
      guard let value = primitive.jsonValue else {
        throw EncodingError.invalidValue(
          primitive, .init(codingPath: path, debugDescription: "JSON has no number \(primitive)"))
      }
      return node.set(value)
    }
    guard path.count < JSONValue.depthLimit else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: path, debugDescription: "nested deeper than \(JSONValue.depthLimit)"))
    }
    try value.encode(to: JSONTreeEncoder(node: node, codingPath: path))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(JSONKeyedEncoding(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    JSONUnkeyedEncoding(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    JSONSingleValueEncoding(node: node, codingPath: codingPath)
  }
}

struct JSONSingleValueEncoding: SingleValueEncodingContainer {
  let node: JSONNode
  let codingPath: [any CodingKey]

  func encodeNil() { node.set(.null) }

  func encode<Value: Encodable>(_ value: Value) throws {
    try JSONTreeEncoder.encode(value, into: node, at: codingPath)
  }
}

struct JSONUnkeyedEncoding: UnkeyedEncodingContainer {
  let node: JSONNode
  let codingPath: [any CodingKey]
  var count: Int { node.count }

  init(node: JSONNode, codingPath: [any CodingKey]) {
    self.node = node
    self.codingPath = codingPath
    node.becomeArray()
  }

  private var nextPath: [any CodingKey] { codingPath + [JSONKey(intValue: count)] }

  private func place() -> JSONNode {
    let element = JSONNode()
    node.append(element)
    return element
  }

  func encodeNil() { place().set(.null) }

  func encode<Value: Encodable>(_ value: Value) throws {
    let path = nextPath
    try JSONTreeEncoder.encode(value, into: place(), at: path)
  }

  func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    let path = nextPath
    return KeyedEncodingContainer(JSONKeyedEncoding(node: place(), codingPath: path))
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    let path = nextPath
    return JSONUnkeyedEncoding(node: place(), codingPath: path)
  }

  func superEncoder() -> any Encoder {
    let path = nextPath
    return JSONTreeEncoder(node: place(), codingPath: path)
  }
}

struct JSONKeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: JSONNode
  let codingPath: [any CodingKey]

  init(node: JSONNode, codingPath: [any CodingKey]) {
    self.node = node
    self.codingPath = codingPath
    node.becomeObject()
  }

  private func place(for key: any CodingKey) -> JSONNode {
    let member = JSONNode()
    node.set(member, for: key.stringValue)
    return member
  }

  func encodeNil(forKey key: Key) { place(for: key).set(.null) }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    try JSONTreeEncoder.encode(value, into: place(for: key), at: codingPath + [key])
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    KeyedEncodingContainer(JSONKeyedEncoding<Nested>(node: place(for: key), codingPath: codingPath + [key]))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    JSONUnkeyedEncoding(node: place(for: key), codingPath: codingPath + [key])
  }

  func superEncoder() -> any Encoder {
    JSONTreeEncoder(node: place(for: JSONKey.super), codingPath: codingPath + [JSONKey.super])
  }

  func superEncoder(forKey key: Key) -> any Encoder {
    JSONTreeEncoder(node: place(for: key), codingPath: codingPath + [key])
  }
}
