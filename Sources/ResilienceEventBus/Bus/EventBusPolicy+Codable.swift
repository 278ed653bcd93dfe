internal import ResilienceCore

/// `{"queueCapacity": 10000, "deadLetterCapacity": 10000}`. What is left out is as in
/// ``init(queueCapacity:deadLetterCapacity:)``.
extension EventBusPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case queueCapacity, deadLetterCapacity
  }

  /// Reads bounds; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = EventBusPolicy()
    queueCapacity = try fields.integer(.queueCapacity) ?? defaults.queueCapacity
    deadLetterCapacity = try fields.integer(.deadLetterCapacity) ?? defaults.deadLetterCapacity
    try fields.check(fault)
  }

  /// Writes both fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(queueCapacity, forKey: .queueCapacity)
    try fields.encode(deadLetterCapacity, forKey: .deadLetterCapacity)
  }
}
