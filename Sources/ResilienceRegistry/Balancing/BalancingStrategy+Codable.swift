internal import ResilienceCore

/// `"roundRobin"`, `"powerOfTwoChoices"`, `"peakEWMA"` or `"consistentHash"`; the last two also with what
/// they take: `{"kind": "peakEWMA", "decay": "5s"}`, `{"kind": "consistentHash", "loadFactor": 2}`.
extension BalancingStrategy: Codable {
  private enum Name: String, CaseIterable {
    case roundRobin, powerOfTwoChoices, peakEWMA, consistentHash

    static var all: String { allCases.map(\.rawValue).joined(separator: ", ") }

    var strategy: BalancingStrategy {
      switch self {
      case .roundRobin: .roundRobin
      case .powerOfTwoChoices: .powerOfTwoChoices
      case .peakEWMA: .peakEWMA
      case .consistentHash: .consistentHash
      }
    }
  }

  private enum Field: String, CodingKey, CaseIterable {
    case kind, decay, loadFactor
  }

  /// Reads a strategy.
  ///
  /// - Throws: `InvalidSetting`, naming the field.
  public init(from decoder: any Decoder) throws {
    guard decoder.standsAtObject else {
      let text = try? decoder.singleValueContainer().decode(String.self)
      guard let strategy = text.flatMap(Name.init)?.strategy else {
        throw InvalidSetting(at: decoder, "one of \(Name.all)")
      }
      self = strategy
      return
    }
    let fields = try SettingsDecoder<Field>(decoder)
    let name: Name = try fields.choice(.kind) ?? fields.missing(.kind, "one of \(Name.all)")
    try fields.require(
      name == .peakEWMA || !fields.contains(.decay), .decay, "left out of a strategy that is \(name)")
    try fields.require(
      name == .consistentHash || !fields.contains(.loadFactor), .loadFactor,
      "left out of a strategy that is \(name)")
    let decay = try fields.duration(.decay)
    let loadFactor = try fields.number(.loadFactor)
    switch name {
    case .peakEWMA: self = decay.map { BalancingStrategy(kind: .peakEWMA(decay: $0)) } ?? name.strategy
    case .consistentHash:
      self = loadFactor.map { BalancingStrategy(kind: .consistentHash(loadFactor: $0)) } ?? name.strategy
    default: self = name.strategy
    }
    try fields.check(fault)
  }

  /// Writes the strategy.
  public func encode(to encoder: any Encoder) throws {
    switch kind {
    case .roundRobin: try Name.roundRobin.rawValue.encode(to: encoder)
    case .powerOfTwoChoices: try Name.powerOfTwoChoices.rawValue.encode(to: encoder)
    case .peakEWMA(let decay):
      var fields = encoder.container(keyedBy: Field.self)
      try fields.encode(Name.peakEWMA.rawValue, forKey: .kind)
      try fields.encode(DurationText(decay), forKey: .decay)
    case .consistentHash(let loadFactor):
      var fields = encoder.container(keyedBy: Field.self)
      try fields.encode(Name.consistentHash.rawValue, forKey: .kind)
      try fields.encode(loadFactor, forKey: .loadFactor)
    }
  }
}
