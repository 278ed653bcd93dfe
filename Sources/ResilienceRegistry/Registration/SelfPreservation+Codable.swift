internal import ResilienceCore

/// `{"maxLapsedShare": 0.15, "window": "30s", "minInstances": 20, "duration": "300s"}`. What is left out is
/// as in ``init(maxLapsedShare:window:minInstances:duration:)``.
extension SelfPreservation: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case maxLapsedShare, window, minInstances, duration
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = SelfPreservation()
    maxLapsedShare = try fields.number(.maxLapsedShare) ?? defaults.maxLapsedShare
    window = try fields.duration(.window) ?? defaults.window
    minInstances = try fields.integer(.minInstances) ?? defaults.minInstances
    duration = try fields.duration(.duration) ?? defaults.duration
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(maxLapsedShare, forKey: .maxLapsedShare)
    try fields.encode(DurationText(window), forKey: .window)
    try fields.encode(minInstances, forKey: .minInstances)
    try fields.encode(DurationText(duration), forKey: .duration)
  }
}
