internal import ResilienceCore

/// `{"segmentBytes": 67108864, "durability": "synced", "retainedTime": "168h"}`. What is left out is as in
/// the initialiser.
extension JournalPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case segmentBytes, durability, maxRecordBytes, maxBatchBytes, retainedBytes, retainedTime
    case indexStepBytes
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = JournalPolicy()
    segmentBytes = try fields.integer(.segmentBytes) ?? defaults.segmentBytes
    durability = try fields.choice(.durability) ?? defaults.durability
    maxRecordBytes = try fields.integer(.maxRecordBytes) ?? defaults.maxRecordBytes
    maxBatchBytes = try fields.integer(.maxBatchBytes) ?? defaults.maxBatchBytes
    retainedBytes = try fields.integer(.retainedBytes)
    retainedTime = try fields.duration(.retainedTime)
    indexStepBytes = try fields.integer(.indexStepBytes) ?? defaults.indexStepBytes
    try fields.check(fault)
  }

  /// Writes all fields that have a value.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(segmentBytes, forKey: .segmentBytes)
    try fields.encode(durability, forKey: .durability)
    try fields.encode(maxRecordBytes, forKey: .maxRecordBytes)
    try fields.encode(maxBatchBytes, forKey: .maxBatchBytes)
    try fields.encodeIfPresent(retainedBytes, forKey: .retainedBytes)
    try fields.encodeIfPresent(retainedTime.map(DurationText.init), forKey: .retainedTime)
    try fields.encode(indexStepBytes, forKey: .indexStepBytes)
  }
}
