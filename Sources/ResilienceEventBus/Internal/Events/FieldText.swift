/// Attribute values as values of header fields, as the HTTP binding of CloudEvents has them.
enum FieldText {
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// Percent-encodes what is not printable ASCII, and the blank, the quotation mark and the percent sign.
  static func encode(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x22, 0x25, ...0x20, 0x7F...:
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Takes quotation marks away, which older senders write, then decodes what is percent-encoded, once.
  ///
  /// - Returns: `nil` for a percent sign without two digits, and for what is no UTF-8 then.
  static func decode(_ value: String) -> String? {
    var bytes = Array(value.utf8)[...]
    while let byte = bytes.first, byte == 0x20 || byte == 0x09 { bytes.removeFirst() }
    while let byte = bytes.last, byte == 0x20 || byte == 0x09 { bytes.removeLast() }
    if bytes.first == UInt8(ascii: "\"") {
      guard let content = unquoted(bytes) else { return nil }
      bytes = content
    }
    var decoded: [UInt8] = []
    while let byte = bytes.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      guard let high = digit(bytes.popFirst()), let low = digit(bytes.popFirst()) else { return nil }
      decoded.append(high << 4 | low)
    }
    return String(validating: decoded, as: UTF8.self)
  }

  private static func unquoted(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var rest = bytes.dropFirst()
    var content: ArraySlice<UInt8> = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return rest.isEmpty ? content : nil
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst() else { return nil }
        content.append(escaped)
      default: content.append(byte)
      }
    }
    return nil
  }

  private static func digit(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(let byte) where (0x30...0x39).contains(byte): byte - 0x30
    case .some(let byte) where (0x41...0x46).contains(byte & 0xDF): (byte & 0xDF) - 0x37
    default: nil
    }
  }
}
