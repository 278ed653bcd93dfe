internal import ResilienceCore

/// `"50ms"` for a fixed delay; `{"percentile": 95, "minimumSamples": 100, "atLeast": "1ms", "atMost": "10s"}`
/// for one that is learned, where each may be left out and is then as in
/// ``learned(percentile:minimumSamples:atLeast:atMost:)``.
extension HedgeDelay: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case percentile, minimumSamples, atLeast, atMost
  }

  /// Reads a delay; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    guard decoder.standsAtObject else {
      self = .fixed(try DurationText(from: decoder).duration)
      return
    }
    let fields = try SettingsDecoder<Field>(decoder)
    let learning = Learning(
      percentile: try fields.number(.percentile) ?? 95,
      minimumSamples: try fields.integer(.minimumSamples) ?? 100,
      atLeast: try fields.duration(.atLeast) ?? .milliseconds(1),
      atMost: try fields.duration(.atMost) ?? .seconds(10))
    try fields.check(learning.fault)
    kind = .learned(learning)
  }

  /// Writes the duration, or all fields.
  public func encode(to encoder: any Encoder) throws {
    switch kind {
    case .fixed(let nanoseconds):
      try DurationText(.nanoseconds(nanoseconds)).encode(to: encoder)
    case .learned(let learning):
      var fields = encoder.container(keyedBy: Field.self)
      try fields.encode(learning.percentile, forKey: .percentile)
      try fields.encode(learning.minimumSamples, forKey: .minimumSamples)
      try fields.encode(DurationText(.nanoseconds(learning.atLeastNanoseconds)), forKey: .atLeast)
      try fields.encode(DurationText(.nanoseconds(learning.atMostNanoseconds)), forKey: .atMost)
    }
  }
}
