internal import ResilienceCore

/// `{"maxAttempts": 4, "backoff": {"kind": "exponential", "base": "20ms"}, "maxRetryAfter": "20s"}`. What is left out is as
/// in ``init(maxAttempts:backoff:maxRetryAfter:)``.
extension RetryPolicy: Codable {
  private enum Key: String, CodingKey {
    case maxAttempts, backoff, maxRetryAfter
  }

  /// Reads a policy.
  ///
  /// - Throws: `InvalidSetting` for an impossible value, `DecodingError` for a value of the wrong type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let maxAttempts = try container.decodeIfPresent(Int.self, forKey: .maxAttempts) ?? 3
    try InvalidSetting.require(
      (1...10_000).contains(maxAttempts), Key.maxAttempts, in: decoder.codingPath, maxAttempts, "1 to 10000")
    self.init(
      maxAttempts: maxAttempts,
      backoff: try container.decodeIfPresent(Backoff.self, forKey: .backoff) ?? .exponential(),
      maxRetryAfter: try container.decodeIfPresent(DurationText.self, forKey: .maxRetryAfter)?.duration
        ?? .seconds(20))
  }

  /// Writes the policy.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(maxAttempts, forKey: .maxAttempts)
    try container.encode(backoff, forKey: .backoff)
    try container.encode(DurationText(maxRetryAfter), forKey: .maxRetryAfter)
  }
}
