/// `{ "deadline": "3s", "timeout": "1s", "retry": {…}, "circuitBreaker": {…}, "rateLimit": {…}, "bulkhead": {…} }`,
/// where each may be left out.
extension StandardStackPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case deadline, timeout, retry, circuitBreaker, rateLimit, bulkhead
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = StandardStackPolicy()
    let deadline: TimeLimit = try fields.value(.deadline) ?? defaults.deadline
    self.init(
      deadline, try fields.value(.timeout) ?? Self.timeout(within: deadline),
      try fields.value(.retry) ?? defaults.retry,
      try fields.value(.circuitBreaker) ?? defaults.circuitBreaker, try fields.value(.rateLimit),
      try fields.value(.bulkhead))
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(deadline, forKey: .deadline)
    try fields.encode(timeout, forKey: .timeout)
    try fields.encode(retry, forKey: .retry)
    try fields.encode(circuitBreaker, forKey: .circuitBreaker)
    try fields.encodeIfPresent(rateLimit, forKey: .rateLimit)
    try fields.encodeIfPresent(bulkhead, forKey: .bulkhead)
  }
}
