/// A policy in a file: every field may be left out, and is then the default.
///
/// ```json
/// { "limit": 20, "maxWaiting": 40, "order": "lifo" }
/// { "limit": { "initial": 50, "maximum": 400 } }
/// ```
///
/// A limit that is a number is fixed; one with fields is adaptive. What is out of its range throws
/// ``InvalidBulkheadPolicy``; what is of another type than the field's throws the decoder's own error.
extension BulkheadPolicy: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case limit, maxWaiting, order
  }

  /// Reads a policy; what is left out is the default.
  ///
  /// - Throws: ``InvalidBulkheadPolicy``, naming the field, when it is unknown or its value out of range;
  ///   `DecodingError`.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownFields(Field.self)
    let fields = try decoder.container(keyedBy: Field.self)
    let defaults = BulkheadPolicy()
    let limit = try fields.decodeIfPresent(BulkheadLimit.self, forKey: .limit) ?? defaults.limit
    let maxWaiting = try fields.decodeIfPresent(Int.self, forKey: .maxWaiting) ?? defaults.maxWaiting
    if let fault = Self.fault(limit, maxWaiting) { throw fault }
    self.init(
      limit: limit, maxWaiting: maxWaiting,
      order: try fields.decodeIfPresent(BulkheadOrder.self, forKey: .order) ?? defaults.order)
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
  /// Reads a limit; its range is checked by the policy it is part of.
  ///
  /// - Throws: ``InvalidBulkheadPolicy``, `DecodingError`.
  public init(from decoder: any Decoder) throws {
    if let limit = try? decoder.singleValueContainer().decode(Int.self) {
      self = .fixed(limit)
    } else {
      self = .adaptive(try AdaptiveLimitPolicy(from: decoder))
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
  /// - Throws: ``InvalidBulkheadPolicy``, naming the field, when it is unknown or its value out of range;
  ///   `DecodingError`.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownFields(Field.self)
    let fields = try decoder.container(keyedBy: Field.self)
    let minimum = try fields.decodeIfPresent(Int.self, forKey: .minimum) ?? 1
    let maximum = try fields.decodeIfPresent(Int.self, forKey: .maximum) ?? 1000
    let initial =
      try fields.decodeIfPresent(Int.self, forKey: .initial) ?? min(max(20, minimum), max(minimum, maximum))
    if let fault = Self.fault(initial, minimum, maximum) { throw fault }
    self.init(initial: initial, minimum: minimum, maximum: maximum)
  }

  /// Writes all fields.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(initial, forKey: .initial)
    try fields.encode(minimum, forKey: .minimum)
    try fields.encode(maximum, forKey: .maximum)
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
    let fields = try container(keyedBy: AnyField.self).allKeys.map(\.stringValue).sorted()
    for field in fields where !known.contains(field) {
      throw InvalidBulkheadPolicy(
        field: "policy", value: field, requirement: "made of the fields \(known.joined(separator: ", "))")
    }
  }
}
