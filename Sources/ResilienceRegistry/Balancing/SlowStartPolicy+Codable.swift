internal import ResilienceCore

/// `{"window": "1min", "minimumShare": 0.1, "aggression": 1}`. What is left out is as in
/// ``init(window:minimumShare:aggression:)``.
extension SlowStartPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case window, minimumShare, aggression
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = SlowStartPolicy()
    window = try fields.duration(.window) ?? defaults.window
    minimumShare = try fields.number(.minimumShare) ?? defaults.minimumShare
    aggression = try fields.number(.aggression) ?? defaults.aggression
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(DurationText(window), forKey: .window)
    try fields.encode(minimumShare, forKey: .minimumShare)
    try fields.encode(aggression, forKey: .aggression)
  }
}
