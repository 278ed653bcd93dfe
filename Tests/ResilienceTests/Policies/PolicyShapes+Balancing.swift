extension PolicyShapes {
  static let balancingStrategy = DocumentShape.either([
    .choice(["roundRobin", "powerOfTwoChoices", "peakEWMA", "consistentHash"]),
    strategy(["roundRobin", "powerOfTwoChoices"], foreign: ["decay", "loadFactor"]),
    strategy(["peakEWMA"], [("decay", .positiveDuration)], foreign: ["loadFactor"]),
    strategy(["consistentHash"], [("loadFactor", .number(1.0.nextUp...100))], foreign: ["decay"]),
  ])

  private static func strategy(
    _ names: [String], _ optional: [(String, DocumentShape)] = [], foreign: [String]
  ) -> DocumentShape {
    .object(
      required: [("kind", .choice(names))], optional,
      faults: [
        { node, draw in
          let field = draw.one(of: foreign)
          node.set(field, draw.below(2) == 0 ? .null : .text("1s"))
          return .field(field)
        }
      ])
  }

  static let slowStart = DocumentShape.object([
    ("window", .positiveDuration), ("minimumShare", .share), ("aggression", .number(0.01...100)),
  ])

  static let zone = DocumentShape.object(
    required: [("name", .text(["eu-1", "", "zone \u{1F30D}"]))], [("overprovisioning", .number(1...100))])

  static let successRate = DocumentShape.object([
    ("deviations", .number(0...100)), ("floor", .share), ("minimumInstances", .integer(1...)),
    ("minimumCalls", .integer(1...)), ("enforcement", .share),
  ])

  static let failureRate = DocumentShape.object([
    ("threshold", .share), ("minimumInstances", .integer(1...)), ("minimumCalls", .integer(1...)),
    ("enforcement", .share),
  ])

  static let outliers = DocumentShape.object(
    [
      ("interval", .positiveDuration), ("baseEjectionTime", .positiveDuration),
      ("maxEjectionTime", .positiveDuration), ("maxEjectedShare", .share), ("alwaysEjectsOne", .flag),
      ("consecutiveFailures", .either([.integer(1...), .choice(["off"])])),
      ("successRate", .either([successRate, .choice(["off"])])),
      ("failureRate", .either([failureRate, .choice(["off"])])),
    ],
    mend: { node, draw in
      let base = node.duration("baseEjectionTime") ?? 30_000_000_000
      if let most = node.duration("maxEjectionTime"), most < base {
        node.set("maxEjectionTime", .text(DocumentDuration.text(base, draw)))
      }
    },
    faults: [
      { node, draw in
        let base = node.duration("baseEjectionTime") ?? 30_000_000_000
        guard base > 1 else { return nil }
        node.set("maxEjectionTime", .text(DocumentDuration.text(draw.integer(in: 1...base - 1), draw)))
        return .field("maxEjectionTime")
      }
    ])

  static let balancing = DocumentShape.object([
    ("strategy", balancingStrategy), ("outliers", outliers), ("slowStart", slowStart),
    ("panicThreshold", .share), ("zone", zone), ("subsetSize", .integer(1...)),
  ])
}
