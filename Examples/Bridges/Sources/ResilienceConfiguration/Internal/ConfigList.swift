/// A list of texts: of other things no policy has one.
struct ConfigList: UnkeyedDecodingContainer {
  let codingPath: [any CodingKey]
  private let texts: [String]
  private(set) var currentIndex = 0

  init(_ texts: [String], _ path: [any CodingKey]) {
    self.texts = texts
    codingPath = path
  }

  var count: Int? { texts.count }
  var isAtEnd: Bool { currentIndex == texts.count }

  mutating func decodeNil() throws -> Bool { false }

  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type, DecodingError.Context(codingPath: codingPath, debugDescription: "the list has ended"))
    }
    let value = try Value(from: ConfigElement(texts[currentIndex], codingPath + [Index(currentIndex)]))
    currentIndex += 1
    return value
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    throw ConfigElement("", codingPath).mismatch
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw ConfigElement("", codingPath).mismatch
  }

  mutating func superDecoder() throws -> any Decoder { throw ConfigElement("", codingPath).mismatch }

  private struct Index: CodingKey {
    let intValue: Int?
    var stringValue: String { "\(intValue ?? 0)" }

    init(_ index: Int) { intValue = index }
    init?(stringValue: String) { nil }
    init?(intValue: Int) { self.init(intValue) }
  }
}
