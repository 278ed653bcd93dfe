internal import ResilienceCore

/// `{"window": "10min", "lease": "30s", "capacity": 100000}`. What is left out is as in
/// ``init(window:lease:capacity:)``.
extension InboxPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case window, lease, capacity
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = InboxPolicy()
    window = try fields.duration(.window) ?? defaults.window
    lease = try fields.duration(.lease) ?? defaults.lease
    capacity = try fields.integer(.capacity) ?? defaults.capacity
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(DurationText(window), forKey: .window)
    try fields.encode(DurationText(lease), forKey: .lease)
    try fields.encode(capacity, forKey: .capacity)
  }
}
