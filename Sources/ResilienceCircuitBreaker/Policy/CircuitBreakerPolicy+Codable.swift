internal import ResilienceCore

/// A policy in a file: every field may be left out, and is then the default; times are in seconds.
///
/// ```json
/// { "window": { "seconds": 30 }, "failureRate": 0.25, "slowCalls": { "thresholdSeconds": 1, "rate": 0.8 },
///   "openTimeSeconds": 2, "rampTimeSeconds": 60 }
/// ```
///
/// `window` is `{ "count": 100 }`, or `{ "seconds": 30 }` with `"slices"` if they are not 10. A `null` for
/// `failureRate` is "not for any". A field that is not known, or out of its range, throws
/// ``InvalidCircuitBreakerPolicy``; one of another type than the field's throws the decoder's own error.
extension CircuitBreakerPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case window, failureRate, slowCalls, consecutiveFailures, minimumThroughput, openTimeSeconds
    case maxOpenTimeSeconds, openTimeJitter, maxRetryAfterSeconds, halfOpenPermits, probeLeaseSeconds
    case rampTimeSeconds
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: ``InvalidCircuitBreakerPolicy``, `DecodingError`.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownFields(Field.self)
    let fields = try decoder.container(keyedBy: Field.self)
    let defaults = CircuitBreakerPolicy()
    window = try fields.decodeIfPresent(Window.self, forKey: .window) ?? defaults.window
    failureRate =
      fields.contains(.failureRate)
      ? try fields.decodeIfPresent(Double.self, forKey: .failureRate) : defaults.failureRate
    slowCalls = try fields.decodeIfPresent(SlowCalls.self, forKey: .slowCalls)
    consecutiveFailures = try fields.decodeIfPresent(Int.self, forKey: .consecutiveFailures)
    minimumThroughput =
      try fields.decodeIfPresent(Int.self, forKey: .minimumThroughput) ?? min(20, window.capacity ?? 20)
    openTime = try fields.seconds(.openTimeSeconds) ?? defaults.openTime
    maxOpenTime = try fields.seconds(.maxOpenTimeSeconds) ?? max(openTime, defaults.maxOpenTime)
    openTimeJitter =
      try fields.decodeIfPresent(Double.self, forKey: .openTimeJitter) ?? defaults.openTimeJitter
    maxRetryAfter = try fields.seconds(.maxRetryAfterSeconds) ?? defaults.maxRetryAfter
    halfOpenPermits =
      try fields.decodeIfPresent(Int.self, forKey: .halfOpenPermits) ?? defaults.halfOpenPermits
    probeLease = try fields.seconds(.probeLeaseSeconds) ?? defaults.probeLease
    rampTime = try fields.seconds(.rampTimeSeconds) ?? defaults.rampTime
    if let fault { throw fault }
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(window, forKey: .window)
    // Spelled out, as one that is left out is the default.
    try fields.encode(failureRate, forKey: .failureRate)
    try fields.encodeIfPresent(slowCalls, forKey: .slowCalls)
    try fields.encodeIfPresent(consecutiveFailures, forKey: .consecutiveFailures)
    try fields.encode(minimumThroughput, forKey: .minimumThroughput)
    try fields.encode(openTime.inSeconds, forKey: .openTimeSeconds)
    try fields.encode(maxOpenTime.inSeconds, forKey: .maxOpenTimeSeconds)
    try fields.encode(openTimeJitter, forKey: .openTimeJitter)
    try fields.encode(maxRetryAfter.inSeconds, forKey: .maxRetryAfterSeconds)
    try fields.encode(halfOpenPermits, forKey: .halfOpenPermits)
    try fields.encode(probeLease.inSeconds, forKey: .probeLeaseSeconds)
    try fields.encode(rampTime.inSeconds, forKey: .rampTimeSeconds)
  }
}

extension CircuitBreakerPolicy.Window: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case count, seconds, slices
  }

  /// Reads `{ "count": 100 }` or `{ "seconds": 30, "slices": 10 }`.
  ///
  /// - Throws: ``InvalidCircuitBreakerPolicy``, `DecodingError`.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownFields(Field.self)
    let fields = try decoder.container(keyedBy: Field.self)
    let count = try fields.decodeIfPresent(Int.self, forKey: .count)
    let time = try fields.seconds(.seconds)
    switch (count, time) {
    case (let count?, nil): self = .count(count)
    case (nil, let time?):
      self = .time(time, slices: try fields.decodeIfPresent(Int.self, forKey: .slices) ?? 10)
    default:
      throw InvalidCircuitBreakerPolicy(
        field: "window", value: count == nil ? "neither" : "both", requirement: "a count or seconds")
    }
  }

  /// Writes the count, or seconds and slices.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    switch self {
    case .count(let count):
      try fields.encode(count, forKey: .count)
    case .time(let time, let slices):
      try fields.encode(time.inSeconds, forKey: .seconds)
      try fields.encode(slices, forKey: .slices)
    }
  }
}

extension CircuitBreakerPolicy.SlowCalls: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case thresholdSeconds, rate
  }

  /// Reads `{ "thresholdSeconds": 1, "rate": 0.8 }`; without a rate it is 1.
  ///
  /// - Throws: ``InvalidCircuitBreakerPolicy``, `DecodingError`.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownFields(Field.self)
    let fields = try decoder.container(keyedBy: Field.self)
    guard let threshold = try fields.seconds(.thresholdSeconds) else {
      throw InvalidCircuitBreakerPolicy(
        field: "slowCalls.thresholdSeconds", value: "missing", requirement: "a time in seconds")
    }
    self.init(threshold: threshold, rate: try fields.decodeIfPresent(Double.self, forKey: .rate) ?? 1)
  }

  /// Writes both.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(threshold.inSeconds, forKey: .thresholdSeconds)
    try fields.encode(rate, forKey: .rate)
  }
}

// MARK: - Reading documents

private struct AnyField: CodingKey {
  let stringValue: String
  var intValue: Int? { nil }
  init?(stringValue: String) { self.stringValue = stringValue }
  init?(intValue: Int) { nil }
}

extension Decoder {
  /// A misspelt field would else be a default that nobody asked for.
  fileprivate func refuseUnknownFields<Field: CodingKey & CaseIterable>(_: Field.Type) throws {
    let known = Field.allCases.map(\.stringValue)
    for field in try container(keyedBy: AnyField.self).allKeys where !known.contains(field.stringValue) {
      throw InvalidCircuitBreakerPolicy(
        field: "policy", value: field.stringValue,
        requirement: "made of the fields \(known.joined(separator: ", "))")
    }
  }
}

extension KeyedDecodingContainer {
  fileprivate func seconds(_ field: Key) throws -> Duration? {
    guard let seconds = try decodeIfPresent(Double.self, forKey: field) else { return nil }
    // 292 years: all that an instant can hold.
    guard abs(seconds) <= 9_223_372_036 else {
      throw InvalidCircuitBreakerPolicy(
        field: field.stringValue, value: "\(seconds)", requirement: "at most 292 years in seconds")
    }
    return .nanoseconds(Int64((seconds * 1_000_000_000).rounded()))
  }
}

extension Duration {
  fileprivate var inSeconds: Double { Double(clampedNanoseconds) / 1_000_000_000 }
}
