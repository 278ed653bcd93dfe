internal import ResilienceCore

/// The grammar of `tracestate`, over bytes.
enum TraceStateParser {
  enum Shape {
    /// As it is passed on: no blanks around members, no empty members, and each key once.
    case canonical

    /// Passed on by ``rewritten(_:)``.
    case valid

    case invalid
  }

  static func shape(of text: String) -> Shape {
    text.utf8.withContiguousStorageIfAvailable(shape) ?? shape(copying: text)
  }

  /// A string that another runtime owns has no storage to read from.
  @inline(never)
  private static func shape(copying text: String) -> Shape {
    var text = text
    return text.withUTF8(shape)
  }

  private static func shape(_ bytes: UnsafeBufferPointer<UInt8>) -> Shape {
    withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: TraceState.maxMembers) { keys in
      classes.withUnsafeBufferPointer { scan(bytes, $0, keys) }
    }
  }

  private static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>, _ classes: UnsafeBufferPointer<UInt8>,
    _ keys: UnsafeMutableBufferPointer<Range<Int>>
  ) -> Shape {
    var shape = Shape.canonical
    var count = 0
    var start = 0
    while true {
      while start < bytes.count, bytes[start].isBlank || bytes[start] == comma {
        shape = .valid
        start &+= 1
      }
      guard start < bytes.count else { return shape }
      var equals = start
      while equals < bytes.count, classes[Int(bytes[equals])] & keyClass != 0 { equals &+= 1 }
      guard equals < bytes.count, bytes[equals] == UInt8(ascii: "="), equals &- start <= 256,
        bytes[start].isLetterOrDigit
      else { return .invalid }
      var next = skippingEights(from: equals &+ 1, in: UnsafeRawBufferPointer(bytes))
      while next < bytes.count, classes[Int(bytes[next])] & valueClass != 0 { next &+= 1 }
      var end = next
      if bytes[next &- 1] == UInt8(ascii: " ") || (next < bytes.count && bytes[next] != comma) {
        // Blanks may stand within a value, and are no part of it at its end.
        shape = .valid
        while end > equals &+ 1, bytes[end &- 1].isBlank { end &-= 1 }
        while next < bytes.count, bytes[next].isBlank { next &+= 1 }
        guard next == bytes.count || bytes[next] == comma else { return .invalid }
      }
      guard end > equals &+ 1, end &- equals <= 257 else { return .invalid }
      let key = Range(uncheckedBounds: (start, equals))
      if isKnown(key, keys, count, in: bytes) {
        shape = .valid
      } else {
        guard count < keys.count else { return .invalid }
        keys.initializeElement(at: count, to: key)
        count &+= 1
      }
      if next == bytes.count { return shape }
      start = next &+ 1
      if start == bytes.count { return .valid }
    }
  }

  @inline(__always)
  private static func isKnown(
    _ key: Range<Int>, _ keys: UnsafeMutableBufferPointer<Range<Int>>, _ count: Int,
    in bytes: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    for index in 0..<count {
      let known = keys[index]
      guard known.count == key.count, bytes[known.lowerBound] == bytes[key.lowerBound] else { continue }
      if bytes[known].elementsEqual(bytes[key]) { return true }
    }
    return false
  }

  /// A valid text without blanks around members, without empty members, and of several members with one key
  /// with the first only.
  @inline(never)
  static func rewritten(_ text: String) -> String {
    var keys: Set<Substring> = []
    let members = text.split(separator: ",").map(\.trimmed).filter { member in
      !member.isEmpty && keys.insert(member.prefix { $0 != "=" }).inserted
    }
    return members.joined(separator: ",")
  }

  /// Where the next byte may be that does not stand in a value: looks at eight at a time.
  @inline(__always)
  private static func skippingEights(from start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
    var next = start
    while next &+ 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self))
      // With every byte below 0x80, adding 0x80 - n to a byte sets its top bit exactly when it is n or more.
      // A byte that is not below spoils the later ones only.
      let printable =
        (word &+ Hexadecimal.eight(0x80 - 0x20)) & ~(word &+ Hexadecimal.eight(0x80 - 0x7F)) & ~word
      let notComma = (word ^ Hexadecimal.eight(0x2C)) &+ Hexadecimal.eight(0x7F)
      let notEquals = (word ^ Hexadecimal.eight(0x3D)) &+ Hexadecimal.eight(0x7F)
      let others = ~(printable & notComma & notEquals) & Hexadecimal.eight(0x80)
      if others != 0 { return next &+ others.trailingZeroBitCount &>> 3 }
      next &+= 8
    }
    return next
  }

  private static let comma = UInt8(ascii: ",")
  private static let keyClass: UInt8 = 1
  private static let valueClass: UInt8 = 2

  /// Where each byte may stand: a table takes a third of the comparisons.
  private static let classes: [UInt8] = (0...UInt8.max).map { byte in
    let isMark = "_-*/@".utf8.contains(byte)
    let isValue = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
    return (byte.isLetterOrDigit || isMark ? keyClass : 0) | (isValue ? valueClass : 0)
  }
}

extension UInt8 {
  /// A lower-case letter or a digit.
  fileprivate var isLetterOrDigit: Bool { (0x61...0x7A).contains(self) || (0x30...0x39).contains(self) }
}

extension Substring {
  /// Without the blanks and tabs around it.
  fileprivate var trimmed: Substring {
    var text = self.drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}
