internal import ResilienceCore

/// A policy in a file: every field may be left out, and is then the default.
///
/// ```json
/// { "window": { "time": "30s" }, "failureRate": 0.25, "slowCalls": { "threshold": "1s", "rate": 0.8 },
///   "openTime": "2s", "rampTime": "1min" }
/// ```
///
/// `window` is `{ "count": 100 }`, with `"maxAge"` if it is not `"10min"` (`null` for ever), or
/// `{ "time": "30s" }`, with `"slices"` if they are not 10. With `null` for `failureRate` the breaker never
/// opens for this reason.
extension CircuitBreakerPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case window, failureRate, slowCalls, consecutiveFailures, minimumThroughput, openTime, maxOpenTime
    case openTimeJitter, maxRetryAfter, halfOpenPermits, probeLease, rampTime
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = CircuitBreakerPolicy()
    window = try fields.value(.window) ?? defaults.window
    failureRate = fields.contains(.failureRate) ? try fields.number(.failureRate) : defaults.failureRate
    slowCalls = try fields.value(.slowCalls)
    consecutiveFailures = try fields.integer(.consecutiveFailures)
    minimumThroughput = try fields.integer(.minimumThroughput) ?? Self.minimumThroughput(for: window)
    openTime = try fields.duration(.openTime) ?? defaults.openTime
    maxOpenTime = try fields.duration(.maxOpenTime) ?? openTime
    openTimeJitter = try fields.number(.openTimeJitter) ?? defaults.openTimeJitter
    maxRetryAfter = try fields.duration(.maxRetryAfter) ?? defaults.maxRetryAfter
    halfOpenPermits = try fields.integer(.halfOpenPermits) ?? defaults.halfOpenPermits
    probeLease = try fields.duration(.probeLease) ?? defaults.probeLease
    rampTime = try fields.duration(.rampTime) ?? defaults.rampTime
    try fields.check(fault)
  }

  /// Writes all fields but criteria that are none.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(window, forKey: .window)
    // Spelled out, as one that is left out is the default.
    try fields.encode(failureRate, forKey: .failureRate)
    try fields.encodeIfPresent(slowCalls, forKey: .slowCalls)
    try fields.encodeIfPresent(consecutiveFailures, forKey: .consecutiveFailures)
    try fields.encode(minimumThroughput, forKey: .minimumThroughput)
    try fields.encode(DurationText(openTime), forKey: .openTime)
    try fields.encode(DurationText(maxOpenTime), forKey: .maxOpenTime)
    try fields.encode(openTimeJitter, forKey: .openTimeJitter)
    try fields.encode(DurationText(maxRetryAfter), forKey: .maxRetryAfter)
    try fields.encode(halfOpenPermits, forKey: .halfOpenPermits)
    try fields.encode(DurationText(probeLease), forKey: .probeLease)
    try fields.encode(DurationText(rampTime), forKey: .rampTime)
  }
}

extension CircuitBreakerPolicy.Window: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case count, maxAge, time, slices
  }

  /// Reads `{ "count": 100, "maxAge": "10min" }` or `{ "time": "30s", "slices": 10 }`, where the second field
  /// may be left out; its range is checked by the policy it is part of.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    switch (try fields.integer(.count), try fields.duration(.time)) {
    case (let count?, nil):
      try fields.require(try fields.integer(.slices) == nil, .slices, "left out of a window that is a count")
      self = fields.contains(.maxAge) ? .count(count, maxAge: try fields.duration(.maxAge)) : .count(count)
    case (nil, let time?):
      try fields.require(try fields.duration(.maxAge) == nil, .maxAge, "left out of a window that is a time")
      self = .time(time, slices: try fields.integer(.slices) ?? 10)
    default:
      throw InvalidSetting(at: decoder, "either a count or a time")
    }
  }

  /// Writes the count and its age, or the time and its slices.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    switch self {
    case .count(let count, let maxAge):
      try fields.encode(count, forKey: .count)
      // Spelled out, as one that is left out is the default.
      try fields.encode(maxAge.map(DurationText.init), forKey: .maxAge)
    case .time(let time, let slices):
      try fields.encode(DurationText(time), forKey: .time)
      try fields.encode(slices, forKey: .slices)
    }
  }
}

extension CircuitBreakerPolicy.SlowCalls: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case threshold, rate
  }

  /// Reads `{ "threshold": "1s", "rate": 0.8 }`, where the rate may be left out and is then 1; ranges are
  /// checked by the policy it is part of.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    threshold = try fields.duration(.threshold) ?? fields.missing(.threshold, DurationText.requirement)
    rate = try fields.number(.rate) ?? 1
  }

  /// Writes both.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(DurationText(threshold), forKey: .threshold)
    try fields.encode(rate, forKey: .rate)
  }
}
