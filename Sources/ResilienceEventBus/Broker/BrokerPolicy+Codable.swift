internal import ResilienceCore

/// `{"window": 1000, "partitions": 64, "session": "45s", "deadLetterCapacity": 100000, "checkpointInterval": 10000}`.
/// What is left out is as in
/// ``init(window:partitions:session:deadLetterCapacity:checkpointInterval:)``.
extension BrokerPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case window, partitions, session, deadLetterCapacity, checkpointInterval
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = BrokerPolicy()
    window = try fields.integer(.window) ?? defaults.window
    partitions = try fields.integer(.partitions) ?? defaults.partitions
    session = try fields.duration(.session) ?? defaults.session
    deadLetterCapacity = try fields.integer(.deadLetterCapacity) ?? defaults.deadLetterCapacity
    checkpointInterval = try fields.integer(.checkpointInterval) ?? defaults.checkpointInterval
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(window, forKey: .window)
    try fields.encode(partitions, forKey: .partitions)
    try fields.encode(DurationText(session), forKey: .session)
    try fields.encode(deadLetterCapacity, forKey: .deadLetterCapacity)
    try fields.encode(checkpointInterval, forKey: .checkpointInterval)
  }
}
