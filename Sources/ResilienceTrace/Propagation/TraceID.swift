public import ResilienceCore

/// The 128-bit identity of a trace, for asking a ``TraceStore`` about it.
public struct TraceID: Sendable, Hashable {
  /// The upper 64 bits.
  public var high: UInt64

  /// The lower 64 bits.
  public var low: UInt64

  /// Creates an id from its halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
}

extension TraceID: LosslessStringConvertible {
  /// The id as 32 lower-case hexadecimal digits.
  public var description: String { high.hexadecimal + low.hexadecimal }

  /// Reads 32 lower-case hexadecimal digits that are not all zero; `nil` for anything else.
  public init?(_ description: String) {
    guard let ids = TraceIDs(traceparent: "00-\(description)-0000000000000001-00") else { return nil }
    self = ids.traceID
  }
}

extension TraceIDs {
  /// The trace id alone.
  public var traceID: TraceID { TraceID(high: traceHigh, low: traceLow) }
}

extension UInt64 {
  /// 16 lower-case hexadecimal digits.
  var hexadecimal: String {
    String(unsafeUninitializedCapacity: 16) { buffer in
      Hexadecimal.write(self, to: UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped))
      return 16
    }
  }
}
