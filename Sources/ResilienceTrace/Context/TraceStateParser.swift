/// The grammar of `tracestate`, over bytes.
enum TraceStateParser {
  /// The text as it is passed on: without blanks around members, without empty members, and of several members with one key
  /// the first only; `nil` if it is invalid. It is `text` itself when there is nothing to leave out.
  static func canonical(_ text: String) -> String? {
    guard !text.isEmpty else { return text }
    var text = text
    let (isValid, rewritten): (Bool, String?) = text.withUTF8 { bytes in
      withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: TraceState.maxMembers) { keys in
        var copy: [UInt8]?
        let isValid = scan(bytes, keys, &copy)
        return (isValid, copy.map { String(decoding: $0, as: UTF8.self) })
      }
    }
    guard isValid else { return nil }
    return rewritten ?? text
  }

  private static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>, _ keys: UnsafeMutableBufferPointer<Range<Int>>,
    _ copy: inout [UInt8]?
  ) -> Bool {
    var count = 0
    var written = 0
    var start = 0
    while start <= bytes.count {
      var next = start
      while next < bytes.count, bytes[next] != UInt8(ascii: ",") { next += 1 }
      let member = trimmed(bytes, start..<next)
      start = next + 1
      guard !member.isEmpty else { continue }
      guard let key = key(of: member, in: bytes) else { return false }
      if keys[..<count].contains(where: { isSame($0, key, in: bytes) }) { continue }
      guard count < keys.count else { return false }
      keys.initializeElement(at: count, to: key)
      count += 1
      // `written` is where the member stands in the result: at its own place as long as nothing was left out.
      if copy == nil, member.lowerBound != written { copy = Array(bytes[..<max(0, written - 1)]) }
      if copy != nil {
        if written > 0 { copy?.append(UInt8(ascii: ",")) }
        copy?.append(contentsOf: bytes[member])
      }
      written += member.count + 1
    }
    if copy == nil, written != bytes.count + 1 { copy = Array(bytes[..<max(0, written - 1)]) }
    return true
  }

  private static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var lower = range.lowerBound
    var upper = range.upperBound
    while lower < upper, bytes[lower].isBlank { lower += 1 }
    while lower < upper, bytes[upper - 1].isBlank { upper -= 1 }
    return lower..<upper
  }

  /// The key of a valid member; `nil` if the member is not valid.
  private static func key(of member: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    guard isLetterOrDigit(bytes[member.lowerBound]) else { return nil }
    var equals = member.lowerBound
    while equals < member.upperBound, bytes[equals] != UInt8(ascii: "=") {
      guard isKeyCharacter(bytes[equals]) else { return nil }
      equals += 1
    }
    let valueLength = member.upperBound - equals - 1
    guard (1...256).contains(valueLength), equals - member.lowerBound <= 256 else { return nil }
    for byte in bytes[(equals + 1)..<member.upperBound] {
      guard (0x20...0x7E).contains(byte), byte != UInt8(ascii: "=") else { return nil }
    }
    return member.lowerBound..<equals
  }

  private static func isSame(
    _ one: Range<Int>, _ other: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard one.count == other.count, bytes[one.lowerBound] == bytes[other.lowerBound] else { return false }
    return bytes[one].elementsEqual(bytes[other])
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }

  /// `a-z 0-9 _ - * / @`, as a bit for each.
  @inline(__always)
  private static func isKeyCharacter(_ byte: UInt8) -> Bool {
    let bits: UInt64 = byte < 0x40 ? 0x03FF_A400_0000_0000 : 0x07FF_FFFE_8000_0001
    return byte < 0x80 && bits >> UInt64(byte & 0x3F) & 1 == 1
  }
}
