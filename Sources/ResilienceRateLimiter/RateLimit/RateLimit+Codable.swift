internal import ResilienceCore

/// `{ "permits": 200, "period": "1min", "burst": 20 }`, or `{ "unlimited": true }`.
extension RateLimit: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case permits, period, burst, unlimited
  }

  /// Reads a limit; only `burst` may be left out, and is then as in ``init(_:per:burst:)``.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    if try fields.flag(.unlimited) == true {
      for field in [Field.permits, .period, .burst] {
        try fields.require(!fields.contains(field), field, "left out of a limit that is unlimited")
      }
      self = .unlimited
      return
    }
    permits = try fields.integer(.permits) ?? fields.missing(.permits, "a whole number")
    period = try fields.duration(.period) ?? fields.missing(.period, DurationText.requirement)
    burst = try fields.integer(.burst) ?? Self.standardBurst(permits, per: period)
    try fields.check(fault)
  }

  /// Writes `permits`, `period` and `burst`, or `unlimited`.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    if isUnlimited { return try fields.encode(true, forKey: .unlimited) }
    try fields.encode(permits, forKey: .permits)
    try fields.encode(DurationText(period), forKey: .period)
    try fields.encode(burst, forKey: .burst)
  }
}
