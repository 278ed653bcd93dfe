internal import ResilienceCore

/// `{"maxAttempts": 4, "backoff": {"kind": "exponential", "base": "20ms"}, "maxRetryAfter": "20s"}`. What is
/// left out is as in ``init(maxAttempts:backoff:maxRetryAfter:)``. No limit is `"maxAttempts": "unlimited"`,
/// and not a very high number: a slip of the keyboard must not mean for ever.
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
    maxAttempts =
      try fields.value(.maxAttempts, as: AttemptLimit.self)?.maxAttempts ?? defaults.maxAttempts
    backoff = try fields.value(.backoff) ?? defaults.backoff
    maxRetryAfter = try fields.duration(.maxRetryAfter) ?? defaults.maxRetryAfter
    try fields.check(fault)
  }

  /// Writes the policy.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(AttemptLimit(maxAttempts: maxAttempts), forKey: .maxAttempts)
    try fields.encode(backoff, forKey: .backoff)
    try fields.encode(DurationText(maxRetryAfter), forKey: .maxRetryAfter)
  }
}

/// A number within the range, or `unlimited`.
private struct AttemptLimit: Codable {
  private static let unlimited = "unlimited"

  let maxAttempts: Int

  init(maxAttempts: Int) { self.maxAttempts = maxAttempts }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let number = try? value.decode(Int.self), RetryPolicy.attempts.contains(number) {
      maxAttempts = number
    } else if let text = try? value.decode(String.self), text == Self.unlimited {
      maxAttempts = .max
    } else {
      throw InvalidSetting(at: decoder, "in 1 ... 10000, or \"\(Self.unlimited)\"")
    }
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    if maxAttempts == .max {
      try value.encode(Self.unlimited)
    } else {
      try value.encode(maxAttempts)
    }
  }
}
