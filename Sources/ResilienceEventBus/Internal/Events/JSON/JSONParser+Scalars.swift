extension JSONParser {
  mutating func number() throws(JSONSyntaxError) -> String {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    if let byte = next, (0x30...0x39).contains(byte) { throw error("a number with a leading 0") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(JSONSyntaxError) {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { advance() }
    if position == start { throw error("no digit") }
  }

  /// Reads a string; its quotation mark is next.
  mutating func string() throws(JSONSyntaxError) -> String {
    advance()
    let start = position
    while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { advance() }
    var content = bytes[start..<position]
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        advance()
        guard let text = String(validating: content, as: UTF8.self) else { throw error("no UTF-8 before") }
        return text
      case UInt8(ascii: "\\"):
        advance()
        try escape(into: &content)
      case ..<0x20:
        throw error("a control character in a string")
      default:
        content.append(byte)
        advance()
      }
    }
    throw error("a string without an end")
  }

  private mutating func escape(into content: inout ArraySlice<UInt8>) throws(JSONSyntaxError) {
    guard let byte = next else { throw error("a string without an end") }
    advance()
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"): content += Array(String(try escapedScalar()).utf8)
    default: throw error("no escape is so")
    }
  }

  /// One or, for what is beyond the 16 bits, two `\u` escapes.
  private mutating func escapedScalar() throws(JSONSyntaxError) -> Unicode.Scalar {
    let unit = try hexadecimalUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    guard UTF16.isLeadSurrogate(unit), take("\\"), take("u") else { throw error("half a surrogate pair") }
    let trail = try hexadecimalUnit()
    guard UTF16.isTrailSurrogate(trail) else { throw error("half a surrogate pair") }
    let scalar = Unicode.Scalar(0x1_0000 + (UInt32(unit - 0xD800) << 10 | UInt32(trail - 0xDC00)))
    guard let scalar else { throw error("no such character") }
    return scalar
  }

  private mutating func hexadecimalUnit() throws(JSONSyntaxError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw error("no hexadecimal digit")
      }
      advance()
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }
}
