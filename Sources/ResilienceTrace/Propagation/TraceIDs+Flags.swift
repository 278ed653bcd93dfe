internal import ResilienceCore

// Of the eight flags, two are W3C's. The others never leave the process as they are: they hold what other
// formats say about a trace and `traceparent` cannot.
extension TraceIDs {
  static let sampledFlag: UInt8 = 1
  static let randomFlag: UInt8 = 2

  /// The caller left the decision about sampling to us.
  static let deferredFlag: UInt8 = 0x20

  /// There are no ids, and whoever makes some must not sample.
  static let deniedFlag: UInt8 = 0x40

  /// The trace was asked for by a person; implies "sampled".
  static let debugFlag: UInt8 = 0x80

  func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

  /// Whether there is a span to be the child of. A trace id alone, as of an event that was published outside
  /// a span, belongs to a trace whose first span is still to come.
  var hasSpan: Bool { isPresent && span != 0 }
}
