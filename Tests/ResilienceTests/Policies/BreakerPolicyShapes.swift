extension PolicyShapes {
  private static let oneAndMore = Double.leastNonzeroMagnitude...1

  static let slowCalls = DocumentShape.object(
    required: [("threshold", .positiveDuration)], [("rate", .number(oneAndMore))])

  /// By itself it has no ranges: the policy that it is part of checks them.
  static let unboundedSlowCalls = DocumentShape.object(
    required: [("threshold", .duration)],
    [("rate", .unchecked(.number(oneAndMore)))])

  /// As a part of a policy, which checks its ranges.
  static let window = window(count: 1...65_536, maxAge: 8, time: 1, slices: 1...1000)

  /// By itself it has none either.
  static let unboundedWindow = window(
    count: .min ... .max, maxAge: 0, time: 0, slices: .min ... .max)

  private static func window(
    count: ClosedRange<Int64>, maxAge: Int64, time: Int64, slices: ClosedRange<Int64>
  ) -> DocumentShape {
    .either([
      .object(
        always: [("count", .integer(count))], [("maxAge", .duration(maxAge...Int64.max))],
        faults: [both, neither, foreign("slices", .integer(3))]),
      .object(
        always: [("time", .duration(time...Int64.max))], [("slices", .integer(slices))],
        mend: { node, draw in
          let slices = node.integer("slices") ?? 10
          guard time > 0, let time = node.duration("time"), time < slices else { return }
          node.set("time", .text(DocumentDuration.text(slices, draw)))
        },
        faults: [
          both, neither, foreign("maxAge", .text("1min")),
          { node, draw in
            guard time > 0, let slices = Optional(node.integer("slices") ?? 10), slices > 1 else {
              return nil
            }
            node.set("time", .text(DocumentDuration.text(draw.integer(in: 0...slices - 1), draw)))
            return .field("time")
          },
        ]),
    ])
  }

  static let savedBreaker = DocumentShape.either([
    .object(
      required: [("state", .choice(["open", "recovering"])), ("remaining", .duration), savedAt], growth),
    .object(
      required: [
        ("state", .choice(["closed", "halfOpen", "forcedOpen", "disabled", "metricsOnly"])), savedAt,
      ], growth),
  ])

  private static let savedAt = ("savedAt", DocumentShape.integer(.min ... .max))

  private static let growth = [
    ("openTime", DocumentShape.duration), ("reopenings", .integer(0...2_147_483_647)),
  ]

  private static let both: ObjectShape.Fault = { node, _ in
    if !node.has("count") { node.set("count", .integer(9)) }
    if !node.has("time") { node.set("time", .text("9s")) }
    return .itself
  }

  private static let neither: ObjectShape.Fault = { node, _ in
    node.remove("count")
    node.remove("time")
    return .itself
  }

  private static func foreign(_ name: String, _ value: DocumentNode.Value) -> ObjectShape.Fault {
    { node, _ in
      node.set(name, value)
      return .field(name)
    }
  }

  static let breaker = DocumentShape.object(
    [
      ("window", window), ("failureRate", .number(oneAndMore)), ("slowCalls", slowCalls),
      ("consecutiveFailures", .integer(1...Int64(Int32.max))), ("minimumThroughput", .integer(1...)),
      ("openTime", .positiveDuration), ("maxOpenTime", .positiveDuration), ("openTimeJitter", .share),
      ("maxRetryAfter", .duration), ("halfOpenPermits", .integer(1...1024)),
      ("probeLease", .positiveDuration), ("rampTime", .duration),
    ],
    mend: { node, draw in
      if let count = windowCount(node), let least = node.integer("minimumThroughput"), least > count {
        node.set("minimumThroughput", .integer(draw.integer(in: 1...count)))
      }
      let openTime = node.duration("openTime") ?? 5_000_000_000
      if let most = node.duration("maxOpenTime"), most < openTime {
        node.set("maxOpenTime", .text(DocumentDuration.text(openTime, draw)))
      }
      if neverOpens(node) { node.set("consecutiveFailures", .integer(3)) }
    },
    faults: [
      { node, _ in
        guard let count = windowCount(node) else { return nil }
        node.set("minimumThroughput", .integer(count + 1))
        return .field("minimumThroughput")
      },
      { node, draw in
        let openTime = draw.integer(in: 2...Int64.max)
        node.set("openTime", .text(DocumentDuration.text(openTime, draw)))
        node.set("maxOpenTime", .text(DocumentDuration.text(draw.integer(in: 1...openTime - 1), draw)))
        return .field("maxOpenTime")
      },
      { node, _ in
        node.set("failureRate", .null)
        node.remove("slowCalls")
        node.remove("consecutiveFailures")
        return .field("failureRate")
      },
    ])

  /// How many results the window has, if it is a count; the default is.
  private static func windowCount(_ node: DocumentNode) -> Int64? {
    guard let window = node.field("window") else { return 100 }
    return window.integer("count")
  }

  private static func neverOpens(_ node: DocumentNode) -> Bool {
    node.has("failureRate") && node.field("failureRate") == nil && node.field("slowCalls") == nil
      && node.field("consecutiveFailures") == nil
  }
}
