/// `{"kind": "exponential", "base": "50ms", "cap": "20s", "multiplier": 2, "jitter": "full"}`.
///
/// Kinds: `constant` (base), `linear` (base, increment, cap), `exponential` (base, cap, multiplier), `decorrelated` (base,
/// cap), `custom` (delays). Jitter: `none`, `full`, `equal`, or the share of a proportional one, as a number. What is left
/// out is as in the factory of the kind.
extension Backoff: Codable {
  private enum Key: String, CodingKey {
    case kind, base, cap, multiplier, increment, delays, jitter
  }

  private enum Kind: String, Codable, CaseIterable {
    case constant, linear, exponential, decorrelated, custom
  }

  /// Reads a backoff.
  ///
  /// - Throws: ``InvalidSetting`` for an impossible value, `DecodingError` for a value of the wrong type.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let path = decoder.codingPath
    func duration(_ key: Key) throws -> Duration? {
      try container.decodeIfPresent(DurationText.self, forKey: key)?.duration
    }
    func required(_ key: Key) throws -> Duration {
      try container.decode(DurationText.self, forKey: key).duration
    }
    let name = try container.decode(String.self, forKey: .kind)
    let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
    try InvalidSetting.require(
      Kind(rawValue: name) != nil, Key.kind, in: path, "\"\(name)\"", "one of \(kinds)")
    let jitter = try container.decodeIfPresent(Jitter.self, forKey: .jitter) ?? .full
    let cap = try duration(.cap) ?? .seconds(20)
    switch Kind(rawValue: name) {
    case .linear:
      self = .linear(
        base: try required(.base), increment: try duration(.increment), cap: cap, jitter: jitter)
    case .exponential:
      let multiplier = try container.decodeIfPresent(Double.self, forKey: .multiplier) ?? 2
      try InvalidSetting.require(
        multiplier >= 1 && multiplier.isFinite, Key.multiplier, in: path, multiplier, "1 or more")
      self = .exponential(
        base: try duration(.base) ?? .milliseconds(50), cap: cap, multiplier: multiplier, jitter: jitter)
    case .decorrelated:
      self = .decorrelated(base: try duration(.base) ?? .milliseconds(50), cap: cap)
    case .custom:
      let delays = try container.decode([DurationText].self, forKey: .delays).map(\.duration)
      try InvalidSetting.require(!delays.isEmpty, Key.delays, in: path, delays, "at least one delay")
      self = .custom(delays, jitter: jitter)
    case .constant, nil:
      self = .constant(try required(.base), jitter: jitter)
    }
  }

  /// Writes the backoff.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func encode(_ kind: Kind, base: Bool = true, cap: Bool = true, jitter hasJitter: Bool = true) throws {
      try container.encode(kind, forKey: .kind)
      if base { try container.encode(DurationText(.nanoseconds(baseNanoseconds)), forKey: .base) }
      if cap { try container.encode(DurationText(.nanoseconds(capNanoseconds)), forKey: .cap) }
      if hasJitter { try container.encode(jitter, forKey: .jitter) }
    }
    switch growth {
    case .constant:
      try encode(.constant, cap: false)
    case .linear(let increment):
      try encode(.linear)
      try container.encode(DurationText(.nanoseconds(increment)), forKey: .increment)
    case .exponential(let multiplier):
      try encode(.exponential)
      try container.encode(multiplier, forKey: .multiplier)
    case .decorrelated:
      try encode(.decorrelated, jitter: false)
    case .custom(let nanoseconds):
      try encode(.custom, base: false, cap: false)
      try container.encode(nanoseconds.map { DurationText(.nanoseconds($0)) }, forKey: .delays)
    }
  }
}

extension Backoff.Jitter: Codable {
  /// Reads `none`, `full`, `equal`, or a share of 0 to 1.
  ///
  /// - Throws: ``InvalidSetting`` for anything else.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let field = decoder.codingPath.map(\.stringValue).joined(separator: ".")
    let requirement = "none, full, equal or a share of 0 to 1"
    if let share = try? container.decode(Double.self) {
      guard (0...1).contains(share) else {
        throw InvalidSetting(field: field, value: "\(share)", requirement: requirement)
      }
      self = .proportional(share)
      return
    }
    switch try container.decode(String.self) {
    case "none": self = .none
    case "full": self = .full
    case "equal": self = .equal
    case let name: throw InvalidSetting(field: field, value: "\"\(name)\"", requirement: requirement)
    }
  }

  /// Writes the name, or the share.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .none: try container.encode("none")
    case .full: try container.encode("full")
    case .equal: try container.encode("equal")
    case .proportional(let share): try container.encode(share)
    }
  }
}
