internal import ResilienceCore

/// `{"strategy": "peakEWMA", "outliers": {}, "slowStart": {"window": "1min"}, "panicThreshold": 0.5, "zone": {"name": "eu-1"}}`.
/// What is left out is as in ``init(_:outliers:slowStart:panicThreshold:zone:subsetSize:)``; `{}` is such a
/// part with its own defaults.
extension BalancingPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case strategy, outliers, slowStart, panicThreshold, zone, subsetSize
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = BalancingPolicy()
    strategy = try fields.value(.strategy) ?? defaults.strategy
    outliers = try fields.value(.outliers)
    slowStart = try fields.value(.slowStart)
    panicThreshold = try fields.number(.panicThreshold) ?? defaults.panicThreshold
    zone = try fields.value(.zone)
    subsetSize = try fields.integer(.subsetSize)
    try fields.check(fault)
  }

  /// Writes the policy.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(strategy, forKey: .strategy)
    try fields.encodeIfPresent(outliers, forKey: .outliers)
    try fields.encodeIfPresent(slowStart, forKey: .slowStart)
    try fields.encode(panicThreshold, forKey: .panicThreshold)
    try fields.encodeIfPresent(zone, forKey: .zone)
    try fields.encodeIfPresent(subsetSize, forKey: .subsetSize)
  }
}
