internal import ResilienceCore

/// `{"interval": "10s", "timeout": "1s", "rise": 2, "fall": 3, "jitter": 0.2}`. What is left out is as in
/// ``init(interval:timeout:rise:fall:jitter:)``.
extension HealthCheckPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case interval, timeout, rise, fall, jitter
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = HealthCheckPolicy()
    interval = try fields.duration(.interval) ?? defaults.interval
    timeout = try fields.duration(.timeout) ?? defaults.timeout
    rise = try fields.integer(.rise) ?? defaults.rise
    fall = try fields.integer(.fall) ?? defaults.fall
    jitter = try fields.number(.jitter) ?? defaults.jitter
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(DurationText(interval), forKey: .interval)
    try fields.encode(DurationText(timeout), forKey: .timeout)
    try fields.encode(rise, forKey: .rise)
    try fields.encode(fall, forKey: .fall)
    try fields.encode(jitter, forKey: .jitter)
  }
}
