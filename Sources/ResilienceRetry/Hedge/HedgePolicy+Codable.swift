internal import ResilienceCore

/// `{"maxAttempts": 2, "delay": "50ms", "hedgesNonIdempotent": false}`. What is left out is as in
/// ``init(maxAttempts:delay:hedgesNonIdempotent:)``.
extension HedgePolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case maxAttempts, delay, hedgesNonIdempotent
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = HedgePolicy()
    maxAttempts = try fields.integer(.maxAttempts) ?? defaults.maxAttempts
    delay = try fields.value(.delay) ?? defaults.delay
    hedgesNonIdempotent = try fields.flag(.hedgesNonIdempotent) ?? defaults.hedgesNonIdempotent
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(maxAttempts, forKey: .maxAttempts)
    try fields.encode(delay, forKey: .delay)
    try fields.encode(hedgesNonIdempotent, forKey: .hedgesNonIdempotent)
  }
}
