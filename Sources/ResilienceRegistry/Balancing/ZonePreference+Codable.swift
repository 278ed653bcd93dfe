internal import ResilienceCore

/// `{"name": "eu-1", "overprovisioning": 1.4}`. What is left out, but for the name, is as in
/// ``init(_:overprovisioning:)``.
extension ZonePreference: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case name, overprovisioning
  }

  /// Reads a preference.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    name =
      try fields.value(.name, as: String.self, "the name of a zone")
      ?? fields.missing(.name, "the name of a zone")
    overprovisioning = try fields.number(.overprovisioning) ?? ZonePreference("").overprovisioning
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(name, forKey: .name)
    try fields.encode(overprovisioning, forKey: .overprovisioning)
  }
}
