/// What the documents of all policies look like.
enum PolicyShapes {
  // MARK: - Core

  static let jitter = DocumentShape.either([.choice(["none", "full", "equal"]), .share])

  static let backoff = DocumentShape.either([
    kind("constant", required: [("base", .duration)], [("jitter", jitter)], foreign: ["cap", "delays"]),
    kind(
      "linear", required: [("base", .duration)],
      [("increment", .duration), ("cap", .duration), ("jitter", jitter)], foreign: ["multiplier"]),
    kind(
      "exponential",
      [
        ("base", .duration), ("cap", .duration), ("jitter", jitter),
        ("multiplier", .number(1...Double.greatestFiniteMagnitude)),
      ], foreign: ["increment", "delays"]),
    kind("decorrelated", [("base", .duration), ("cap", .duration)], foreign: ["jitter", "multiplier"]),
    kind(
      "custom", required: [("delays", .list(of: .duration))], [("jitter", jitter)], foreign: ["base", "cap"]),
  ])

  private static func kind(
    _ name: String, required: [(String, DocumentShape)] = [], _ optional: [(String, DocumentShape)] = [],
    foreign: [String]
  ) -> DocumentShape {
    .object(
      required: [("kind", .choice([name]))] + required, optional,
      mend: { node, draw in
        guard node.has("cap") || node.has("base"), optional.contains(where: { $0.0 == "cap" }) else { return }
        let (base, cap) = (node.duration("base") ?? 50_000_000, node.duration("cap") ?? 20_000_000_000)
        if base > cap { node.set("cap", .text(DocumentDuration.text(base, draw))) }
      },
      faults: [
        { node, draw in
          let field = draw.one(of: foreign)
          node.set(field, draw.below(2) == 0 ? .null : .text("1s"))
          return .field(field)
        }
      ])
  }

  // MARK: - Calls

  static let retry = DocumentShape.object([
    ("maxAttempts", .integer(1...10_000)), ("backoff", backoff), ("maxRetryAfter", .duration),
  ])

  static let hedgeDelay = DocumentShape.either([
    .duration,
    .object(
      [
        ("percentile", .number(50...99.9)), ("minimumSamples", .integer(1...1000)), ("atLeast", .duration),
        ("atMost", .duration),
      ],
      mend: { node, draw in
        let (least, most) = (node.duration("atLeast") ?? 1_000_000, node.duration("atMost") ?? 10_000_000_000)
        if least > most { node.set("atMost", .text(DocumentDuration.text(least, draw))) }
      },
      faults: [
        { node, draw in
          let least = draw.integer(in: 1...Int64.max)
          node.set("atLeast", .text(DocumentDuration.text(least, draw)))
          node.set("atMost", .text(DocumentDuration.text(draw.integer(in: 0...least - 1), draw)))
          return .field("atMost")
        },
        { node, draw in
          node.remove("atMost")
          node.set(
            "atLeast", .text(DocumentDuration.text(draw.integer(in: 10_000_000_001...Int64.max), draw)))
          return .field("atMost")
        },
      ], defaults: ["atMost": "10s"]),
  ])

  static let hedge = DocumentShape.object([
    ("maxAttempts", .integer(2...10)), ("delay", hedgeDelay), ("hedgesNonIdempotent", .flag),
  ])

  // MARK: - Load

  static let rateLimit = DocumentShape.either([
    .object(
      mend: { node, _ in
        node.value = .object([("unlimited", DocumentNode(.flag(true), .flag))])
      },
      faults: [
        { node, draw in
          let field = draw.one(of: ["permits", "period", "burst"])
          node.set(field, draw.below(2) == 0 ? .null : .integer(5))
          return .field(field)
        }
      ]),
    .object(
      required: [("permits", .integer(0...1_000_000_000)), ("period", .positiveDuration)],
      [("burst", .integer(0...)), ("unlimited", .flag)],
      mend: { node, draw in
        if node.has("unlimited") { node.set("unlimited", .flag(false)) }
        let most = mostBurst(&node, draw)
        let least: Int64 = node.integer("permits") == 0 ? 0 : 1
        if node.integer("burst") != nil { node.set("burst", .integer(draw.integer(in: least...most))) }
      },
      faults: [
        { node, draw in
          node.set("burst", .integer(draw.one(of: [mostBurst(&node, draw) + 1, .max - 1])))
          return .field("burst")
        },
        { node, draw in
          if node.integer("permits") == 0 { return nil }
          node.set("burst", .integer(draw.one(of: [0, -1, .min])))
          return .field("burst")
        },
      ]),
  ])

  /// What is saved up in 36 years; where that would be nothing the period is made shorter.
  private static func mostBurst(_ node: inout DocumentNode, _ draw: Draw) -> Int64 {
    guard let permits = node.integer("permits"), let period = node.duration("period"), permits > 0 else {
      return 1 << 60
    }
    let longest = Int64(clamping: Int128(permits) << 60)
    if period > longest { node.set("period", .text(DocumentDuration.text(longest, draw))) }
    let interval = (Int128(min(period, longest)) + Int128(permits) - 1) / Int128(permits)
    return Int64((1 << 60) / interval)
  }

  static let quota = DocumentShape.either([
    .object(
      required: [
        ("permits", .integer(0...1_000_000_000)), ("period", .duration(1...315_360_000_000_000_000)),
      ]),
    .object(
      required: [("permits", .integer(0...1_000_000_000))],
      always: [("each", .choice(["hour", "day", "month"]))],
      faults: [
        { node, draw in
          node.set("period", draw.below(2) == 0 ? .null : .text("1s"))
          return .field("period")
        }
      ]),
  ])

  static let throttle = DocumentShape.object([
    ("multiplier", .number(1...1000)), ("window", .duration(1000...(1 << 31) * 1_000_000_000)),
    ("probes", .integer(0...1_000_000_000)), ("refusals", .choice(["failures", "overloads"])),
  ])

  static let adaptiveLimit = DocumentShape.object(
    [
      ("initial", .integer(1...1_000_000)), ("minimum", .integer(1...1_000_000)),
      ("maximum", .integer(1...1_000_000)),
    ],
    mend: { node, _ in
      let maximum = node.integer("maximum") ?? 1000
      if let minimum = node.integer("minimum"), minimum > maximum { node.set("minimum", .integer(maximum)) }
      guard let initial = node.integer("initial") else { return }
      node.set("initial", .integer(min(max(initial, node.integer("minimum") ?? 1), maximum)))
    },
    faults: [
      { node, _ in
        let maximum = node.integer("maximum") ?? 1000
        node.set("minimum", .integer(maximum + 1))
        return .field("minimum")
      },
      { node, draw in
        let bounds = (node.integer("minimum") ?? 1, node.integer("maximum") ?? 1000)
        node.set("initial", .integer(draw.one(of: [bounds.0 - 1, bounds.1 + 1])))
        return .field("initial")
      },
      // The default of the one is beyond the other.
      { node, _ in
        node.remove("maximum")
        node.set("minimum", .integer(1001))
        return .field("minimum")
      },
    ])

  static let bulkheadLimit = DocumentShape.either([.integer(1...1_000_000_000), adaptiveLimit])

  static let bulkhead = DocumentShape.object([
    ("limit", bulkheadLimit), ("maxWaiting", .integer(0...1_000_000)),
    ("order", .choice(["fifo", "lifo"])),
  ])

  /// An attempt has no more time than all of them.
  static let standardStack = DocumentShape.object(
    [
      ("deadline", .positiveDuration), ("timeout", .positiveDuration), ("retry", retry),
      ("circuitBreaker", breaker), ("rateLimit", rateLimit), ("bulkhead", bulkhead),
    ],
    mend: { node, draw in
      guard let timeout = node.duration("timeout") else { return }
      let deadline = node.duration("deadline") ?? 3_000_000_000
      if timeout > deadline { node.set("timeout", .text(DocumentDuration.text(deadline, draw))) }
    },
    faults: [
      { node, draw in
        let deadline = node.duration("deadline") ?? 3_000_000_000
        if deadline == .max { return nil }
        node.set("timeout", .text(DocumentDuration.text(draw.integer(in: deadline + 1...Int64.max), draw)))
        return .field("timeout")
      }
    ])

  // MARK: - Services

  static let eventBus = DocumentShape.object([
    ("queueCapacity", .integer(1...)), ("deadLetterCapacity", .integer(1...)),
  ])

  static let delivery = DocumentShape.object([
    ("maxDeliveries", .integer(1...)), ("backoff", backoff), ("parallelism", .integer(1...)),
    ("timeout", .positiveDuration),
    ("lease", .positiveDuration),
    ("overflow", .choice(["refuse", "wait", "dropOldest", "deadLetterOldest"])),
  ])

  static let inbox = DocumentShape.object([
    ("window", .positiveDuration), ("lease", .positiveDuration), ("capacity", .integer(1...)),
  ])

  static let broker = DocumentShape.object([
    ("window", .integer(1...)), ("partitions", .integer(1...65_536)), ("session", .positiveDuration),
    ("deadLetterCapacity", .integer(1...)), ("checkpointInterval", .integer(1...)),
  ])

  static let journal = DocumentShape.object(
    [
      ("maxRecordBytes", .integer(1...1 << 29)), ("maxBatchBytes", .integer(1...1 << 30)),
      ("segmentBytes", .integer(1...1 << 40)), ("durability", .choice(["synced", "written"])),
      ("retainedBytes", .integer(1...)), ("retainedTime", .positiveDuration),
      ("indexStepBytes", .integer(1...)),
    ],
    mend: { node, _ in
      let record = node.integer("maxRecordBytes") ?? 1 << 20
      if node.integer("maxBatchBytes") ?? 8 << 20 < record + 20 {
        node.set("maxBatchBytes", .integer(record + 20))
      }
      let batch = node.integer("maxBatchBytes") ?? 8 << 20
      if node.integer("segmentBytes") ?? 64 << 20 < batch + 1024 {
        node.set("segmentBytes", .integer(batch + 1024))
      }
    },
    faults: [
      { node, draw in
        node.set("maxRecordBytes", .integer(1 << 20))
        node.set("maxBatchBytes", .integer(draw.integer(in: 1...1_048_595)))
        return .field("maxBatchBytes")
      },
      { node, draw in
        node.set("maxRecordBytes", .integer(1 << 20))
        node.set("maxBatchBytes", .integer(2 << 20))
        node.set("segmentBytes", .integer(draw.integer(in: 1...2_098_175)))
        return .field("segmentBytes")
      },
    ])

  static let healthCheck = DocumentShape.object([
    ("interval", .positiveDuration), ("timeout", .positiveDuration), ("rise", .integer(1...)),
    ("fall", .integer(1...)), ("jitter", .share), ("startupGrace", .duration), ("flapWindow", .duration),
    ("maxFallShare", .share),
  ])

  static let selfPreservation = DocumentShape.object([
    ("maxLapsedShare", .share), ("window", .positiveDuration), ("minInstances", .integer(1...)),
    ("duration", .positiveDuration),
  ])
}
