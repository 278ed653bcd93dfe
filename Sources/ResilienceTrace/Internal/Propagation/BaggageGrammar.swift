internal import ResilienceCore

/// The grammar of `baggage`, over bytes.
enum BaggageGrammar {
  /// The valid members of one header, as they are passed on: without blanks.
  static func members(of header: String) -> [String] {
    let bytes = Array(header.utf8)
    return bytes.split(separator: UInt8(ascii: ",")).compactMap(canonical)
  }

  /// A member as it is passed on; `nil` if it is not valid.
  private static func canonical(_ member: ArraySlice<UInt8>) -> String? {
    let parts = member.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(trimmed)
    guard let first = parts.first, let pair = pair(first), pair.value != nil else { return nil }
    var text: [UInt8] = []
    append(pair, to: &text)
    for part in parts.dropFirst() {
      guard let property = self.pair(part) else { return nil }
      text.append(UInt8(ascii: ";"))
      append(property, to: &text)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// `key OWS = OWS value` or, for a property, `key` alone.
  private static func pair(_ bytes: ArraySlice<UInt8>) -> (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>?)?
  {
    let equals = bytes.firstIndex(of: UInt8(ascii: "="))
    let key = trimmed(bytes[..<(equals ?? bytes.endIndex)])
    guard !key.isEmpty, key.allSatisfy(isTokenCharacter) else { return nil }
    guard let equals else { return (key, nil) }
    let value = trimmed(bytes[(equals + 1)...])
    return value.allSatisfy(isValueCharacter) ? (key, value) : nil
  }

  private static func append(
    _ pair: (key: ArraySlice<UInt8>, value: ArraySlice<UInt8>?), to text: inout [UInt8]
  ) {
    text += pair.key
    guard let value = pair.value else { return }
    text.append(UInt8(ascii: "="))
    text += value
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var bytes = bytes.drop { $0.isBlank }
    while bytes.last?.isBlank == true { bytes.removeLast() }
    return bytes
  }

  /// RFC 9110's token.
  private static func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
    default: false
    }
  }

  /// Printable ASCII without blank, `"`, `,`, `;` and `\`.
  private static func isValueCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21, 0x23...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E: true
    default: false
    }
  }
}

// MARK: - Decoding and encoding

extension BaggageGrammar {
  /// Decodes a member that ``members(of:)`` has returned.
  static func member(_ text: String) -> W3CBaggage.Member {
    let parts = text.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    let pairs = parts.map { part in
      let equals = part.firstIndex(of: UInt8(ascii: "="))
      let key = String(decoding: part[..<(equals ?? part.endIndex)], as: UTF8.self)
      return (key: key, value: equals.map { decoded(part[part.index(after: $0)...]) })
    }
    return W3CBaggage.Member(
      key: pairs[0].key, value: pairs[0].value ?? "",
      properties: pairs.dropFirst().map { W3CBaggage.Property(key: $0.key, value: $0.value) })
  }

  /// The member as text; `nil` if one of its keys is not a token.
  static func text(_ member: W3CBaggage.Member) -> String? {
    let keys = [member.key] + member.properties.map(\.key)
    guard keys.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isTokenCharacter) }) else { return nil }
    let properties = member.properties.map { property in
      ";\(property.key)" + (property.value.map { "=\(encoded($0))" } ?? "")
    }
    return "\(member.key)=\(encoded(member.value))" + properties.joined()
  }

  /// A percent sign that no two digits follow stands for itself; what is not UTF-8 becomes U+FFFD.
  private static func decoded(_ bytes: some Collection<UInt8>) -> String {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
      if byte == UInt8(ascii: "%"), digits.count == 2 {
        result.append(UInt8(digits[0] << 4 | digits[1]))
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      if isValueCharacter(byte), byte != UInt8(ascii: "%") {
        result.append(byte)
      } else {
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
