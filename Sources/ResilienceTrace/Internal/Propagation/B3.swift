internal import ResilienceCore

/// The grammar of B3.
enum B3 {
  static func single(_ trace: TraceIDs) -> String {
    let ids = "\(trace.traceID)-\(trace.span.hexadecimal)"
    if trace.has(TraceIDs.debugFlag) { return ids + "-d" }
    if trace.has(TraceIDs.deferredFlag) { return ids }
    return ids + (trace.isSampled ? "-1" : "-0")
  }

  static func trace(single carrier: some ContextCarrier) -> TraceIDs? {
    onlyValue(of: "b3", in: carrier).flatMap { parse(single: $0) }
  }

  /// `{trace 16 or 32}-{span 16}[-{0, 1 or d}[-{parent 16}]]`, or `0` alone.
  static func parse(single text: String) -> TraceIDs? {
    var text = text
    return text.withUTF8 { untrimmed in
      let bytes = UnsafeRawBufferPointer(untrimmed).trimmingBlanks()
      if bytes.count == 1, bytes[0] == UInt8(ascii: "0") { return denied }
      guard let dash = bytes.firstIndex(of: UInt8(ascii: "-")), let start = bytes.baseAddress,
        let (high, low) = traceID(UnsafeRawBufferPointer(rebasing: bytes[..<dash])),
        bytes.count >= dash + 17, let span = Hexadecimal.read16(start + dash + 1), span != 0
      else { return nil }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[(dash + 17)...])
      guard let flags = flags(ofRest: rest) else { return nil }
      return TraceIDs(traceHigh: high, traceLow: low, span: span, flags: flags)
    }
  }

  private static func flags(ofRest rest: UnsafeRawBufferPointer) -> UInt8? {
    if rest.isEmpty { return TraceIDs.deferredFlag }
    guard rest.count == 2 || rest.count == 19, rest[0] == UInt8(ascii: "-") else { return nil }
    if rest.count == 19 {
      guard rest[2] == UInt8(ascii: "-"), let bytes = rest.baseAddress, Hexadecimal.read16(bytes + 3) != nil
      else { return nil }
    }
    return switch rest[1] {
    case UInt8(ascii: "0"): 0
    case UInt8(ascii: "1"): TraceIDs.sampledFlag
    case UInt8(ascii: "d"): TraceIDs.debugFlag | TraceIDs.sampledFlag
    default: nil
    }
  }

  static func trace(multiple carrier: some ContextCarrier) -> TraceIDs? {
    let isDebug = onlyValue(of: "x-b3-flags", in: carrier) == "1"
    let sampled = onlyValue(of: "x-b3-sampled", in: carrier)
    let isDenied = sampled == "0" || sampled?.isEqualButForASCIICase("false") == true
    let isAccepted = sampled == "1" || sampled?.isEqualButForASCIICase("true") == true
    guard var traceText = onlyValue(of: "x-b3-traceid", in: carrier),
      var spanText = onlyValue(of: "x-b3-spanid", in: carrier)
    else {
      let hasNoIDs = isAbsent("x-b3-traceid", in: carrier) && isAbsent("x-b3-spanid", in: carrier)
      return hasNoIDs && isDenied && !isDebug ? denied : nil
    }
    let ids = traceText.withUTF8 { traceID(UnsafeRawBufferPointer($0).trimmingBlanks()) }
    let span = spanText.withUTF8 { number(UnsafeRawBufferPointer($0).trimmingBlanks()) }
    guard let (high, low) = ids, let span, span != 0 else { return nil }
    let flags: UInt8 =
      isDebug
      ? TraceIDs.debugFlag | TraceIDs.sampledFlag
      : isAccepted ? TraceIDs.sampledFlag : isDenied ? 0 : TraceIDs.deferredFlag
    return TraceIDs(traceHigh: high, traceLow: low, span: span, flags: flags)
  }

  private static var denied: TraceIDs {
    TraceIDs(traceHigh: 0, traceLow: 0, span: 0, flags: TraceIDs.deniedFlag)
  }

  /// 16 or 32 digits that are not all zero.
  private static func traceID(_ bytes: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64)? {
    guard bytes.count == 16 || bytes.count == 32 else { return nil }
    let high =
      bytes.count == 16 ? 0 : number(UnsafeRawBufferPointer(rebasing: bytes[..<16]))
    let low = number(UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - 16)...]))
    guard let high, let low, high | low != 0 else { return nil }
    return (high, low)
  }

  private static func number(_ bytes: UnsafeRawBufferPointer) -> UInt64? {
    guard bytes.count == 16, let start = bytes.baseAddress else { return nil }
    return Hexadecimal.read16(start)
  }

  /// The value of a name that occurs once; which of several is meant cannot be known.
  private static func onlyValue(of name: String, in carrier: some ContextCarrier) -> String? {
    var values = 0
    var found: String?
    carrier.forEachValue(forName: name) {
      values += 1
      found = $0
    }
    return values == 1 ? found : nil
  }

  private static func isAbsent(_ name: String, in carrier: some ContextCarrier) -> Bool {
    var isAbsent = true
    carrier.forEachValue(forName: name) { _ in isAbsent = false }
    return isAbsent
  }
}
