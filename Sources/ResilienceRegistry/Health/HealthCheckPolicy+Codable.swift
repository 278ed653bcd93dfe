internal import ResilienceCore

/// `{"interval": "10s", "timeout": "1s", "rise": 2, "fall": 3, "jitter": 0.2, "startupGrace": "0s", "flapWindow": "300s", "maxFallShare": 1}`.
/// What is left out is as in
/// ``init(interval:timeout:rise:fall:jitter:startupGrace:flapWindow:maxFallShare:)``.
extension HealthCheckPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case interval, timeout, rise, fall, jitter, startupGrace, flapWindow, maxFallShare
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
    startupGrace = try fields.duration(.startupGrace) ?? defaults.startupGrace
    flapWindow = try fields.duration(.flapWindow) ?? defaults.flapWindow
    maxFallShare = try fields.number(.maxFallShare) ?? defaults.maxFallShare
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
    try fields.encode(DurationText(startupGrace), forKey: .startupGrace)
    try fields.encode(DurationText(flapWindow), forKey: .flapWindow)
    try fields.encode(maxFallShare, forKey: .maxFallShare)
  }
}
