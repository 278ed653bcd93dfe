extension TraceIDs {
  /// Reads a W3C `traceparent` value (Trace Context Level 2).
  ///
  /// Version 00 is exactly 55 characters of lower-case hexadecimal; a higher version is read by its first 55
  /// and may go on after a dash. Blanks around the value are tolerated. Of the flags, "sampled" and, in
  /// version 00, "random" are kept.
  ///
  /// - Returns: `nil` for anything else, zero ids and version ff included: the caller starts a new trace. It
  ///   never fails a request.
  /// - Complexity: O(n) only in the blanks around the value.
  public init?(traceparent: String) {
    var parsed = TraceIDs.none
    let isValid =
      traceparent.utf8.withContiguousStorageIfAvailable { parsed.read(UnsafeRawBufferPointer($0)) }
      ?? parsed.read(copying: traceparent)
    guard isValid else { return nil }
    self = parsed
  }

  /// The W3C `traceparent` value, version 00: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
  ///
  /// Flags other than "sampled" and "random" are written as zero. Meaningful when there is a trace and a span
  /// id.
  public var traceparent: String {
    String(unsafeUninitializedCapacity: 55) { buffer in
      let bytes = UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped)
      buffer[0] = UInt8(ascii: "0")
      buffer[1] = UInt8(ascii: "0")
      buffer[2] = UInt8(ascii: "-")
      Hexadecimal.write(traceHigh, to: bytes + 3)
      Hexadecimal.write(traceLow, to: bytes + 19)
      buffer[35] = UInt8(ascii: "-")
      Hexadecimal.write(span, to: bytes + 36)
      buffer[52] = UInt8(ascii: "-")
      buffer[53] = UInt8(ascii: "0")
      buffer[54] = UInt8(ascii: "0") | flags & 3
      return 55
    }
  }

  /// A string that another runtime owns has no storage to read from.
  @inline(never)
  private mutating func read(copying text: String) -> Bool {
    var text = text
    return text.withUTF8 { read(UnsafeRawBufferPointer($0)) }
  }

  /// - Returns: Whether the text is valid; if not, nothing is changed.
  private mutating func read(_ untrimmed: UnsafeRawBufferPointer) -> Bool {
    // Of just this length there is nothing to trim: a blank among the 55 makes it invalid.
    let text = untrimmed.count == 55 ? untrimmed : untrimmed.trimmingBlanks()
    guard text.count >= 55, let bytes = text.baseAddress,
      text[2] == UInt8(ascii: "-"), text[35] == UInt8(ascii: "-"), text[52] == UInt8(ascii: "-"),
      let version = Self.version(bytes), version != 0xFF,
      text.count == 55 || (version != 0 && text[55] == UInt8(ascii: "-")),
      let high = Hexadecimal.read16(bytes + 3), let low = Hexadecimal.read16(bytes + 19),
      let span = Hexadecimal.read16(bytes + 36), let flags = Hexadecimal.read2(bytes + 53),
      high | low != 0, span != 0
    else { return false }
    // What the other flags of a higher version mean is not known: they are not passed on.
    self = TraceIDs(traceHigh: high, traceLow: low, span: span, flags: flags & (version == 0 ? 3 : 1))
    return true
  }
}

extension TraceIDs {
  /// Nearly always 00.
  @inline(__always)
  private static func version(_ bytes: UnsafeRawPointer) -> UInt8? {
    bytes.loadUnaligned(as: UInt16.self) == 0x3030 ? 0 : Hexadecimal.read2(bytes)
  }
}
