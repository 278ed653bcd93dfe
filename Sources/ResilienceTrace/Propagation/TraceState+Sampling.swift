// OpenTelemetry's own member, `ot=th:c;rv:0123456789abcd`: fields separated by semicolons.

extension TraceState {
  /// How many values a randomness has: 2⁵⁶.
  public static var randomnessRange: UInt64 { 1 << 56 }

  /// The threshold below which traces are not sampled, of ``randomnessRange`` values: the field `th` of the
  /// member `ot`.
  ///
  /// `nil` when it is not there or not valid (1 to 14 hexadecimal digits, zeros on the right left out).
  public var samplingThreshold: UInt64? {
    guard let digits = openTelemetryField("th"), (1...14).contains(digits.utf8.count) else { return nil }
    return Self.number(digits).map { $0 << (4 * (14 - UInt64(digits.utf8.count))) }
  }

  /// The randomness that stands in for that of the trace id: the field `rv` of the member `ot`.
  ///
  /// `nil` when it is not there or not valid (14 hexadecimal digits).
  public var samplingRandomness: UInt64? {
    guard let digits = openTelemetryField("rv"), digits.utf8.count == 14 else { return nil }
    return Self.number(digits)
  }

  /// How many traces one that was sampled stands for; `nil` when the threshold is not known.
  public var adjustedCount: Double? {
    samplingThreshold.map { Double(Self.randomnessRange) / Double(Self.randomnessRange - $0) }
  }

  /// The state with another threshold, or none; other fields of the member stay as they are.
  func settingSamplingThreshold(_ threshold: UInt64?) -> TraceState {
    guard threshold != samplingThreshold || (threshold == nil && openTelemetryField("th") != nil) else {
      return self
    }
    var fields = openTelemetryFields.filter { $0.key != "th" }.map { "\($0.key):\($0.value)" }
    if let threshold {
      var digits = threshold.hexadecimal.dropFirst(2)
      while digits.count > 1, digits.last == "0" { digits.removeLast() }
      fields.insert("th:\(digits)", at: 0)
    }
    var state = self
    if fields.isEmpty {
      state.remove("ot")
    } else if !state.set(fields.joined(separator: ";"), forKey: "ot") {
      // There is no room for it: a wrong threshold would be worse than none.
      state.remove("ot")
    }
    return state
  }

  private var openTelemetryFields: [(key: Substring, value: Substring)] {
    guard !isEmpty else { return [] }
    return (self["ot"] ?? "").split(separator: ";").compactMap { field in
      guard let colon = field.firstIndex(of: ":") else { return nil }
      return (field[..<colon], field[field.index(after: colon)...])
    }
  }

  private func openTelemetryField(_ key: String) -> Substring? {
    openTelemetryFields.first { $0.key == key }?.value
  }

  private static func number(_ digits: Substring) -> UInt64? {
    guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      return nil
    }
    return UInt64(digits, radix: 16)
  }
}
