/// Reads JSON as RFC 8259 has it, and nothing else. Total: every input is read or refused.
struct JSONParser {
  let bytes: [UInt8]
  private let depthLimit: Int
  private(set) var position = 0
  private var depth = 0

  /// Reads a whole text.
  static func parse(
    _ bytes: [UInt8], depthLimit: Int = JSONValue.depthLimit
  ) throws(JSONSyntaxError) -> JSONValue {
    var parser = JSONParser(bytes, depthLimit)
    let (value, _) = try parser.value()
    parser.skipBlanks()
    guard parser.position == bytes.count else { throw parser.error("more after the value") }
    return value
  }

  private init(_ bytes: [UInt8], _ depthLimit: Int) {
    self.bytes = bytes
    self.depthLimit = depthLimit
  }

  func error(_ problem: String) -> JSONSyntaxError { JSONSyntaxError(problem: problem, offset: position) }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func advance() { position += 1 }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func value() throws(JSONSyntaxError) -> (JSONValue, Range<Int>) {
    skipBlanks()
    let start = position
    let value: JSONValue
    switch next {
    case UInt8(ascii: "{"): value = try nested(Self.object)
    case UInt8(ascii: "["): value = try nested(Self.array)
    case UInt8(ascii: "\""): value = .string(try string())
    case UInt8(ascii: "-"), .some(0x30...0x39): value = .number(try number())
    case UInt8(ascii: "t"): value = try literal("true", .boolean(true))
    case UInt8(ascii: "f"): value = try literal("false", .boolean(false))
    case UInt8(ascii: "n"): value = try literal("null", .null)
    case nil: throw error("no value")
    default: throw error("no value begins so")
    }
    return (value, start..<position)
  }

  private mutating func nested(
    _ read: (inout JSONParser) throws(JSONSyntaxError) -> JSONValue
  ) throws(JSONSyntaxError) -> JSONValue {
    guard depth < depthLimit else { throw error("nested deeper than \(depthLimit)") }
    advance()
    depth += 1
    let value = try read(&self)
    depth -= 1
    return value
  }

  private static func array(_ parser: inout JSONParser) throws(JSONSyntaxError) -> JSONValue {
    var elements: [JSONValue] = []
    parser.skipBlanks()
    if parser.take("]") { return .array([]) }
    while true {
      elements.append(try parser.value().0)
      parser.skipBlanks()
      if parser.take("]") { return .array(elements) }
      guard parser.take(",") else { throw parser.error("neither , nor ]") }
    }
  }

  private static func object(_ parser: inout JSONParser) throws(JSONSyntaxError) -> JSONValue {
    var members: [JSONValue.Member] = []
    parser.skipBlanks()
    if parser.take("}") { return .object([]) }
    while true {
      parser.skipBlanks()
      guard parser.next == UInt8(ascii: "\"") else { throw parser.error("no member's name") }
      let key = try parser.string()
      parser.skipBlanks()
      guard parser.take(":") else { throw parser.error("no : after a member's name") }
      let (value, range) = try parser.value()
      members.append(JSONValue.Member(key: key, value: value, range: range))
      parser.skipBlanks()
      if parser.take("}") { return .object(members) }
      guard parser.take(",") else { throw parser.error("neither , nor }") }
    }
  }

  private mutating func literal(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONSyntaxError) -> JSONValue {
    let end = position + text.utf8CodeUnitCount
    guard end <= bytes.count, text.withUTF8Buffer({ bytes[position..<end].elementsEqual($0) }) else {
      throw error("no value begins so")
    }
    position = end
    return value
  }
}
