internal import ResilienceCore

/// `{"maxAttempts": 4, "backoff": {"kind": "exponential", "base": "20ms"}, "maxRetryAfter": "20s"}`. What is left out
/// is as in ``init(maxAttempts:backoff:maxRetryAfter:)``.
extension RetryPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case maxAttempts, backoff, maxRetryAfter
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = RetryPolicy()
    maxAttempts = try fields.integer(.maxAttempts) ?? defaults.maxAttempts
    backoff = try fields.value(.backoff) ?? defaults.backoff
    maxRetryAfter = try fields.duration(.maxRetryAfter) ?? defaults.maxRetryAfter
    try fields.check(fault)
  }

  /// Writes the policy.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(maxAttempts, forKey: .maxAttempts)
    try fields.encode(backoff, forKey: .backoff)
    try fields.encode(DurationText(maxRetryAfter), forKey: .maxRetryAfter)
  }
}
