internal import ResilienceCore

/// Writes a broker's records: numbers in little-endian order, texts and lists with their lengths before them.
struct BrokerWriter {
  var bytes: [UInt8] = []

  mutating func byte(_ value: UInt8) { bytes.append(value) }

  mutating func integer(_ value: Int64) { bytes.append(littleEndian: value) }

  mutating func count(_ value: Int) { bytes.append(littleEndian: UInt32(clamping: value)) }

  mutating func text(_ text: String) {
    count(text.utf8.count)
    bytes += text.utf8
  }

  mutating func data(_ data: [UInt8]) {
    count(data.count)
    bytes += data
  }

  mutating func optional<Value>(_ value: Value?, _ write: (inout BrokerWriter, Value) -> Void) {
    byte(value == nil ? 0 : 1)
    if let value { write(&self, value) }
  }

  mutating func list<Elements: Collection>(
    _ elements: Elements, _ write: (inout BrokerWriter, Elements.Element) -> Void
  ) {
    count(elements.count)
    for element in elements { write(&self, element) }
  }
}

/// Reads what ``BrokerWriter`` writes; total.
struct BrokerReader {
  struct Unreadable: Error {}

  let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { position == bytes.count }

  private mutating func take(_ count: Int) throws(Unreadable) -> Int {
    guard count >= 0, bytes.count - position >= count else { throw Unreadable() }
    defer { position += count }
    return position
  }

  mutating func byte() throws(Unreadable) -> UInt8 { bytes[try take(1)] }

  mutating func integer() throws(Unreadable) -> Int64 { bytes.littleEndian(at: try take(8)) }

  mutating func count() throws(Unreadable) -> Int {
    Int(bytes.littleEndian(at: try take(4), as: UInt32.self))
  }

  mutating func text() throws(Unreadable) -> String { String(decoding: try data(), as: UTF8.self) }

  mutating func data() throws(Unreadable) -> [UInt8] {
    let count = try count()
    let start = try take(count)
    return Array(bytes[start..<start + count])
  }

  mutating func optional<Value>(
    _ read: (inout BrokerReader) throws(Unreadable) -> Value
  ) throws(Unreadable) -> Value? {
    switch try byte() {
    case 0: nil
    case 1: try read(&self)
    default: throw Unreadable()
    }
  }

  mutating func list<Value>(
    _ read: (inout BrokerReader) throws(Unreadable) -> Value
  ) throws(Unreadable) -> [Value] {
    let count = try count()
    guard count <= bytes.count - position else { throw Unreadable() }
    var values: [Value] = []
    for _ in 0..<count { values.append(try read(&self)) }
    return values
  }
}
