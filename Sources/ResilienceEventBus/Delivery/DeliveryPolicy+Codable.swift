internal import ResilienceCore

/// `{"maxDeliveries": 5, "backoff": {"kind": "exponential", "base": "200ms", "cap": "30s"}, "parallelism": 16, "timeout": "5s", "lease": "5min", "overflow": "refuse"}`.
/// What is left out is as in ``init(maxDeliveries:backoff:parallelism:timeout:lease:overflow:)``; what is
/// left out within `backoff` is as in the backoff's own factory. A `lease` of `null` has no limit.
extension DeliveryPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case maxDeliveries, backoff, parallelism, timeout, lease, overflow
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = DeliveryPolicy()
    maxDeliveries = try fields.integer(.maxDeliveries) ?? defaults.maxDeliveries
    backoff = try fields.value(.backoff) ?? defaults.backoff
    parallelism = try fields.integer(.parallelism) ?? defaults.parallelism
    timeout = try fields.duration(.timeout)
    lease = fields.contains(.lease) ? try fields.duration(.lease) : defaults.lease
    overflow = try fields.choice(.overflow) ?? defaults.overflow
    try fields.check(fault)
  }

  /// Writes all fields but a timeout that is none.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(maxDeliveries, forKey: .maxDeliveries)
    try fields.encode(backoff, forKey: .backoff)
    try fields.encode(parallelism, forKey: .parallelism)
    try fields.encodeIfPresent(timeout.map(DurationText.init), forKey: .timeout)
    try fields.encode(lease.map(DurationText.init), forKey: .lease)
    try fields.encode(overflow, forKey: .overflow)
  }
}
