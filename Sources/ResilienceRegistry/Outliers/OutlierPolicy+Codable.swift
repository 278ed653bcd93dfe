internal import ResilienceCore

/// `{"interval": "10s", "maxEjectedShare": 0.2, "consecutiveFailures": "off", "successRate": {"deviations": 1.9}}`.
/// What is left out is as in
/// ``init(interval:baseEjectionTime:maxEjectionTime:maxEjectedShare:alwaysEjectsOne:consecutiveFailures:successRate:failureRate:)``;
/// `"off"` is a rule that does not apply.
extension OutlierPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case interval, baseEjectionTime, maxEjectionTime, maxEjectedShare, alwaysEjectsOne
    case consecutiveFailures, successRate, failureRate
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = OutlierPolicy()
    interval = try fields.duration(.interval) ?? defaults.interval
    baseEjectionTime = try fields.duration(.baseEjectionTime) ?? defaults.baseEjectionTime
    maxEjectionTime = try fields.duration(.maxEjectionTime) ?? Self.longest(baseEjectionTime)
    maxEjectedShare = try fields.number(.maxEjectedShare) ?? defaults.maxEjectedShare
    alwaysEjectsOne = try fields.flag(.alwaysEjectsOne) ?? defaults.alwaysEjectsOne
    consecutiveFailures =
      try fields.value(.consecutiveFailures, as: Rule<Int>.self, "a whole number, or \"off\"").map(\.value)
      ?? defaults.consecutiveFailures
    successRate =
      try fields.value(.successRate, as: Rule<SuccessRate>.self).map(\.value) ?? defaults.successRate
    failureRate =
      try fields.value(.failureRate, as: Rule<FailureRate>.self).map(\.value) ?? defaults.failureRate
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(DurationText(interval), forKey: .interval)
    try fields.encode(DurationText(baseEjectionTime), forKey: .baseEjectionTime)
    try fields.encode(DurationText(maxEjectionTime), forKey: .maxEjectionTime)
    try fields.encode(maxEjectedShare, forKey: .maxEjectedShare)
    try fields.encode(alwaysEjectsOne, forKey: .alwaysEjectsOne)
    try fields.encode(Rule(value: consecutiveFailures), forKey: .consecutiveFailures)
    try fields.encode(Rule(value: successRate), forKey: .successRate)
    try fields.encode(Rule(value: failureRate), forKey: .failureRate)
  }
}

/// A rule, or `off`.
private struct Rule<Value: Codable>: Codable {
  let value: Value?

  init(value: Value?) { self.value = value }

  init(from decoder: any Decoder) throws {
    let text = try? decoder.singleValueContainer().decode(String.self)
    value = text == "off" ? nil : try Value(from: decoder)
  }

  func encode(to encoder: any Encoder) throws {
    if let value { try value.encode(to: encoder) } else { try "off".encode(to: encoder) }
  }
}

/// `{"deviations": 1.9, "floor": 0.1, "minimumInstances": 5, "minimumCalls": 100, "enforcement": 1}`.
extension OutlierPolicy.SuccessRate: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case deviations, floor, minimumInstances, minimumCalls, enforcement
  }

  /// Reads a rule; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = Self()
    deviations = try fields.number(.deviations) ?? defaults.deviations
    floor = try fields.number(.floor) ?? defaults.floor
    minimumInstances = try fields.integer(.minimumInstances) ?? defaults.minimumInstances
    minimumCalls = try fields.integer(.minimumCalls) ?? defaults.minimumCalls
    enforcement = try fields.number(.enforcement) ?? defaults.enforcement
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(deviations, forKey: .deviations)
    try fields.encode(floor, forKey: .floor)
    try fields.encode(minimumInstances, forKey: .minimumInstances)
    try fields.encode(minimumCalls, forKey: .minimumCalls)
    try fields.encode(enforcement, forKey: .enforcement)
  }
}

/// `{"threshold": 0.85, "minimumInstances": 5, "minimumCalls": 50, "enforcement": 1}`.
extension OutlierPolicy.FailureRate: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case threshold, minimumInstances, minimumCalls, enforcement
  }

  /// Reads a rule; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = Self()
    threshold = try fields.number(.threshold) ?? defaults.threshold
    minimumInstances = try fields.integer(.minimumInstances) ?? defaults.minimumInstances
    minimumCalls = try fields.integer(.minimumCalls) ?? defaults.minimumCalls
    enforcement = try fields.number(.enforcement) ?? defaults.enforcement
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(threshold, forKey: .threshold)
    try fields.encode(minimumInstances, forKey: .minimumInstances)
    try fields.encode(minimumCalls, forKey: .minimumCalls)
    try fields.encode(enforcement, forKey: .enforcement)
  }
}
