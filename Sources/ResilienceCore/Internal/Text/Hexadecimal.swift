/// Lower-case hexadecimal, eight digits at a time within one 64-bit word: five times faster than a loop over
/// characters.
@usableFromInline
package enum Hexadecimal {
  /// A word of eight times this byte.
  @inlinable
  @inline(__always)
  package static func eight(_ byte: UInt64) -> UInt64 { byte &* 0x0101_0101_0101_0101 }

  /// Reads 16 digits; `nil` if one is not a lower-case hexadecimal digit.
  @inlinable
  @inline(__always)
  package static func read16(_ bytes: UnsafeRawPointer) -> UInt64? {
    guard let high = read8(bytes), let low = read8(bytes + 8) else { return nil }
    return high << 32 | low
  }

  /// Reads two digits.
  @inlinable
  @inline(__always)
  package static func read2(_ bytes: UnsafeRawPointer) -> UInt8? {
    guard let high = digit(bytes.load(as: UInt8.self)),
      let low = digit((bytes + 1).load(as: UInt8.self))
    else { return nil }
    return high << 4 | low
  }

  @inlinable
  @inline(__always)
  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte & 0xF
    case 0x61...0x66: byte &- 0x57
    default: nil
    }
  }

  @inlinable
  @inline(__always)
  static func read8(_ bytes: UnsafeRawPointer) -> UInt64? {
    let word = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    // With every byte below 0x80, adding 0x80 - n to a byte sets its top bit exactly when it is n or more.
    let atLeast0 = word &+ eight(0x80 - 0x30)
    let above9 = word &+ eight(0x80 - 0x3A)
    let atLeastA = word &+ eight(0x80 - 0x61)
    let aboveF = word &+ eight(0x80 - 0x67)
    let valid = (atLeast0 & ~above9) | (atLeastA & ~aboveF)
    guard valid & ~word & eight(0x80) == eight(0x80) else { return nil }
    let letters = (word &>> 6) & eight(1)
    var digits = ((word & eight(0x0F)) &+ (letters &* 9)).byteSwapped
    digits = (digits | digits &>> 4) & 0x00FF_00FF_00FF_00FF
    digits = (digits | digits &>> 8) & 0x0000_FFFF_0000_FFFF
    return (digits | digits &>> 16) & 0xFFFF_FFFF
  }

  /// Writes 16 digits.
  @inlinable
  @inline(__always)
  package static func write(_ value: UInt64, to bytes: UnsafeMutableRawPointer) {
    write8(value &>> 32, to: bytes)
    write8(value & 0xFFFF_FFFF, to: bytes + 8)
  }

  @inlinable
  @inline(__always)
  static func write8(_ value: UInt64, to bytes: UnsafeMutableRawPointer) {
    var digits = (value | value &<< 16) & 0x0000_FFFF_0000_FFFF
    digits = (digits | digits &<< 8) & 0x00FF_00FF_00FF_00FF
    digits = (digits | digits &<< 4) & eight(0x0F)
    let letters = ((digits &+ eight(6)) &>> 4) & eight(1)
    let characters = digits &+ eight(0x30) &+ (letters &* 0x27)
    bytes.storeBytes(of: characters.byteSwapped.littleEndian, as: UInt64.self)
  }
}
