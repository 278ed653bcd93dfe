/// The grammar of `tracestate`, over bytes.
enum TraceStateParser {
  /// The text as it is passed on: without blanks around members, without empty members, and of several
  /// members with one key the first only; `nil` if it is invalid. It is `text` itself when there is nothing
  /// to leave out.
  static func canonical(_ text: String) -> String? {
    guard !text.isEmpty else { return text }
    var text = text
    let (isValid, rewritten): (Bool, String?) = text.withUTF8 { bytes in
      withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: TraceState.maxMembers) { keys in
        classes.withUnsafeBufferPointer { classes in
          var copy: [UInt8]?
          let isValid = scan(bytes, classes, keys, &copy)
          return (isValid, copy.map { String(decoding: $0, as: UTF8.self) })
        }
      }
    }
    guard isValid else { return nil }
    return rewritten ?? text
  }

  private static func scan(
    _ bytes: UnsafeBufferPointer<UInt8>, _ classes: UnsafeBufferPointer<UInt8>,
    _ keys: UnsafeMutableBufferPointer<Range<Int>>, _ copy: inout [UInt8]?
  ) -> Bool {
    var count = 0
    var written = 0
    var index = 0
    while index < bytes.count {
      if bytes[index].isBlank || bytes[index] == UInt8(ascii: ",") {
        index += 1
        continue
      }
      guard let (key, member, next) = member(at: index, in: bytes, classes) else { return false }
      index = next
      if isKnown(key, keys, count, in: bytes) { continue }
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

  /// The member that begins here, without the blanks after it, its key, and where the next one may begin;
  /// `nil` if it is not valid.
  @inline(__always)
  private static func member(
    at start: Int, in bytes: UnsafeBufferPointer<UInt8>, _ classes: UnsafeBufferPointer<UInt8>
  ) -> (key: Range<Int>, member: Range<Int>, next: Int)? {
    var equals = start
    while equals < bytes.count, classes[Int(bytes[equals])] & keyClass != 0 { equals &+= 1 }
    guard equals < bytes.count, bytes[equals] == UInt8(ascii: "="), isLetterOrDigit(bytes[start]),
      equals - start <= 256
    else { return nil }
    var end = equals + 1
    while end < bytes.count, classes[Int(bytes[end])] & valueClass != 0 { end &+= 1 }
    var next = end
    while next < bytes.count, bytes[next].isBlank { next += 1 }
    guard next == bytes.count || bytes[next] == UInt8(ascii: ",") else { return nil }
    while end > equals + 1, bytes[end - 1].isBlank { end -= 1 }
    guard 1...256 ~= end - equals - 1 else { return nil }
    return (start..<equals, start..<end, next)
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

  private static let keyClass: UInt8 = 1
  private static let valueClass: UInt8 = 2

  /// Where each byte may stand: a table takes a third of the comparisons.
  private static let classes: [UInt8] = (0...UInt8.max).map { byte in
    let isMark = "_-*/@".utf8.contains(byte)
    let isValue = (0x20...0x7E).contains(byte) && byte != UInt8(ascii: ",") && byte != UInt8(ascii: "=")
    return (isLetterOrDigit(byte) || isMark ? keyClass : 0) | (isValue ? valueClass : 0)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
  }
}
