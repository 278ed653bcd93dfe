internal import ResilienceCore

/// A policy in a file: every field may be left out, and is then the default.
///
/// ```json
/// { "limit": 20, "maxWaiting": 40, "order": "lifo" }
/// { "limit": { "initial": 50, "maximum": 400 } }
/// ```
///
/// A limit that is a number is fixed; one with fields is adaptive.
extension BulkheadPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case limit, maxWaiting, order
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let defaults = BulkheadPolicy()
    limit = try fields.value(.limit) ?? defaults.limit
    maxWaiting = try fields.integer(.maxWaiting) ?? defaults.maxWaiting
    order = try fields.choice(.order) ?? defaults.order
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(limit, forKey: .limit)
    try fields.encode(maxWaiting, forKey: .maxWaiting)
    try fields.encode(order, forKey: .order)
  }
}

/// A number for a fixed limit, ``AdaptiveLimitPolicy``'s fields for one that is learned.
extension BulkheadLimit: Codable {
  /// Reads a limit, which is in its range.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    if decoder.standsAtObject {
      self = .adaptive(try AdaptiveLimitPolicy(from: decoder))
    } else if let limit = try? decoder.singleValueContainer().decode(Int.self) {
      self = .fixed(limit)
      if let fault { throw InvalidSetting(at: decoder, fault.requirement) }
    } else {
      throw InvalidSetting(at: decoder, "a whole number, or made of the fields initial, minimum, maximum")
    }
  }

  /// Writes the number, or the fields.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .fixed(let limit):
      var value = encoder.singleValueContainer()
      try value.encode(limit)
    case .adaptive(let policy):
      try policy.encode(to: encoder)
    }
  }
}

/// `{ "initial": 20, "minimum": 1, "maximum": 1000 }`, where each may be left out.
extension AdaptiveLimitPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case initial, minimum, maximum
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    minimum = try fields.integer(.minimum) ?? 1
    maximum = try fields.integer(.maximum) ?? 1000
    initial = try fields.integer(.initial) ?? Self.initial(minimum, maximum)
    try fields.check(fault)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(initial, forKey: .initial)
    try fields.encode(minimum, forKey: .minimum)
    try fields.encode(maximum, forKey: .maximum)
  }
}
