/// `{"kind": "exponential", "base": "50ms", "cap": "20s", "multiplier": 2, "jitter": "full"}`.
///
/// Kinds: `constant` (base), `linear` (base, increment, cap), `exponential` (base, cap, multiplier),
/// `decorrelated` (base, cap), `custom` (delays). Jitter: `none`, `full`, `equal`, or the share of a
/// proportional one, as a number. What is left out is as in the factory of the kind.
extension Backoff: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case kind, base, cap, multiplier, increment, delays, jitter
  }

  private enum Kind: String, Codable, CaseIterable {
    case constant, linear, exponential, decorrelated, custom

    /// The fields that mean nothing to the other kinds.
    var fields: Set<Field> {
      switch self {
      case .constant: [.base, .jitter]
      case .linear: [.base, .increment, .cap, .jitter]
      case .exponential: [.base, .cap, .multiplier, .jitter]
      case .decorrelated: [.base, .cap]
      case .custom: [.delays, .jitter]
      }
    }
  }

  /// Reads a backoff.
  ///
  /// - Throws: ``InvalidSetting``, naming the field.
  public init(from decoder: any Decoder) throws {
    let fields = try SettingsDecoder<Field>(decoder)
    let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
    let kind: Kind = try fields.choice(.kind) ?? fields.missing(.kind, "one of \(kinds)")
    for field in Field.allCases where field != .kind && !kind.fields.contains(field) {
      try fields.require(!fields.contains(field), field, "left out of a backoff that is \(kind)")
    }
    func base(otherwise base: Duration? = nil) throws -> Duration {
      try fields.duration(.base) ?? base ?? fields.missing(.base, DurationText.requirement)
    }
    func cap(for base: Duration) throws -> Duration? {
      let cap = try fields.duration(.cap)
      try fields.require(
        cap ?? base >= base, .cap, "\(DurationText(base).description) or more, as the base is")
      return cap
    }
    let jitter = try fields.value(.jitter, as: Jitter.self) ?? .full
    switch kind {
    case .constant:
      self = .constant(try base(), jitter: jitter)
    case .linear:
      let base = try base()
      self = .linear(
        base: base, increment: try fields.duration(.increment), cap: try cap(for: base), jitter: jitter)
    case .exponential:
      let multiplier = try fields.number(.multiplier) ?? 2
      try fields.require(multiplier >= 1 && multiplier.isFinite, .multiplier, "1 or more")
      let base = try base(otherwise: .milliseconds(50))
      self = .exponential(base: base, cap: try cap(for: base), multiplier: multiplier, jitter: jitter)
    case .decorrelated:
      let base = try base(otherwise: .milliseconds(50))
      self = .decorrelated(base: base, cap: try cap(for: base))
    case .custom:
      let delays: [Duration] = try fields.durations(.delays) ?? []
      try fields.require(!delays.isEmpty, .delays, "at least one delay")
      self = .custom(delays, jitter: jitter)
    }
  }

  /// Writes the backoff.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Field.self)
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
    let value = try decoder.singleValueContainer()
    if let share = try? value.decode(Double.self), (0...1).contains(share) {
      self = .proportional(share)
      return
    }
    switch try? value.decode(String.self) {
    case "none": self = .none
    case "full": self = .full
    case "equal": self = .equal
    default: throw InvalidSetting(at: decoder, "none, full, equal or a share of 0 to 1")
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
