internal import Configuration

/// Reads a value from a configuration, which cannot be asked for the keys that it has: each is looked up when
/// its field is read, and what has no value below it is not there.
final class ConfigDecoder: Decoder {
  let reader: ConfigSnapshotReader
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private(set) var hasFound = false

  init(_ reader: ConfigSnapshotReader, _ path: [any CodingKey]) {
    self.reader = reader
    codingPath = path
  }

  /// The value; `nil`, whatever reading it throws, where no provider has anything of it.
  func valueIfFound<Value: Decodable>(_ type: Value.Type) throws -> Value? {
    do {
      let value = try Value(from: self)
      return hasFound ? value : nil
    } catch {
      if hasFound { throw error }
      return nil
    }
  }

  func child(_ key: any CodingKey) -> ConfigDecoder { ConfigDecoder(reader, codingPath + [key]) }

  func adopt(_ child: ConfigDecoder) {
    if child.hasFound { hasFound = true }
  }

  // MARK: - What stands here

  private var key: ConfigKey { ConfigKey(codingPath.map(\.stringValue)) }

  var string: String? { noting(reader.string(forKey: key)) }
  var integer: Int? { noting(reader.int(forKey: key)) }
  var number: Double? { noting(reader.double(forKey: key)) ?? integer.map { Double($0) } }
  var flag: Bool? { noting(reader.bool(forKey: key)) }
  var strings: [String]? { noting(reader.stringArray(forKey: key)) }

  /// Whether there is a single value. A list of one text cannot be told from a text in an environment
  /// variable.
  var isScalar: Bool { string != nil || number != nil || flag != nil }

  var isThere: Bool { isScalar || strings != nil || isListOfNumbers }

  private var isListOfNumbers: Bool {
    noting(reader.doubleArray(forKey: key)) != nil || noting(reader.intArray(forKey: key)) != nil
  }

  private func noting<Value>(_ value: Value?) -> Value? {
    if value != nil { hasFound = true }
    return value
  }

  // MARK: - Containers

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard !isThere else { throw mismatch("a group of keys") }
    return KeyedDecodingContainer(ConfigFields(self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard let strings else { throw mismatch("a list") }
    return ConfigList(strings, codingPath)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer { ConfigScalar(self) }

  func mismatch(_ expected: String) -> DecodingError {
    .typeMismatch(
      String.self, DecodingError.Context(codingPath: codingPath, debugDescription: "not \(expected)"))
  }
}
