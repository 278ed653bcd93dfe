/// Which texts an attribute of CloudEvents may hold.
enum PlainText {
  /// Whether it has content, and all of it is from the blank to the tilde: nearly always, and quick to tell.
  static func isPrintableASCII(_ text: String) -> Bool {
    let result = text.utf8.withContiguousStorageIfAvailable { isPrintableASCII(UnsafeRawBufferPointer($0)) }
    return result ?? false
  }

  private static func isPrintableASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var position = 0
    // Bits 7 of all bytes that are below 0x20, above 0x7E, or not ASCII.
    var odd: UInt64 = 0
    while position + 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      odd |= word | (word &+ 0x0101_0101_0101_0101) | ((word &- 0x2020_2020_2020_2020) & ~word)
      position += 8
    }
    var isOdd = odd & 0x8080_8080_8080_8080 != 0
    while position < bytes.count {
      isOdd = isOdd || bytes[position] &- 0x20 > 0x5E
      position += 1
    }
    return !isOdd && position > 0
  }

  /// The first code point that CloudEvents forbids: a control character or a noncharacter.
  static func forbidden(in text: String) -> Unicode.Scalar? {
    text.unicodeScalars.first { scalar in
      switch scalar.value {
      case 0...0x1F, 0x7F...0x9F, 0xFDD0...0xFDEF: true
      case let value: value & 0xFFFE == 0xFFFE
      }
    }
  }
}
