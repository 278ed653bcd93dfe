internal import ResilienceCore

/// How long an attempt may take before another one is begun beside it.
public struct HedgeDelay: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case fixed(nanoseconds: Int64)
    case learned(Learning)
  }

  struct Learning: Sendable, Hashable {
    var percentile: Double
    var minimumSamples: Int
    var atLeastNanoseconds: Int64
    var atMostNanoseconds: Int64
  }

  let kind: Kind

  var learning: Learning? { if case .learned(let learning) = kind { learning } else { nil } }

  /// Always the same delay.
  ///
  /// - Parameter delay: 0 or more; with 0 all attempts begin together.
  public static func fixed(_ delay: Duration) -> HedgeDelay {
    precondition(delay >= .zero, "a hedge's delay must not be negative, was \(delay)")
    return HedgeDelay(kind: .fixed(nanoseconds: delay.clampedNanoseconds))
  }

  /// A percentile of how long calls take, learned while they are made.
  ///
  /// With the 95th percentile one call of twenty is hedged. Until enough calls were seen, none is hedged for
  /// being slow. Measured are first attempts: those that succeed, and those that were given up late. The
  /// newest thousand or two count; memory is constant, about 2 kB.
  ///
  /// - Parameters:
  ///   - percentile: 50 to 99.9. Default: 95 ("The Tail at Scale", Dean and Barroso, 2013).
  ///   - minimumSamples: How many calls must have been seen, 1 to 1 000. Default: 100, which five calls in
  ///     the slowest twentieth are of.
  ///   - atLeast: The shortest delay, 0 or more. Default: 1 ms: to hedge what is as quick costs more than it
  ///     saves.
  ///   - atMost: The longest delay, `atLeast` or more. Default: 10 s.
  public static func learned(
    percentile: Double = 95, minimumSamples: Int = 100, atLeast: Duration = .milliseconds(1),
    atMost: Duration = .seconds(10)
  ) -> HedgeDelay {
    let learning = Learning(
      percentile: percentile, minimumSamples: minimumSamples, atLeast: atLeast, atMost: atMost)
    if let fault = learning.fault { preconditionFailure("a hedge delay's \(fault)") }
    return HedgeDelay(kind: .learned(learning))
  }
}

extension HedgeDelay.Learning {
  init(
    percentile: Double = 95, minimumSamples: Int = 100, atLeast: Duration = .milliseconds(1),
    atMost: Duration = .seconds(10)
  ) {
    self.percentile = percentile
    self.minimumSamples = minimumSamples
    atLeastNanoseconds = atLeast.clampedNanoseconds
    atMostNanoseconds = atMost.clampedNanoseconds
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    let (atLeast, atMost) = (
      Duration.nanoseconds(atLeastNanoseconds), Duration.nanoseconds(atMostNanoseconds)
    )
    return .outside(50...99.9, "percentile", percentile)
      ?? .outside(1...1_000, "minimumSamples", minimumSamples)
      ?? .unless(atLeast >= .zero, "atLeast", atLeast, "0s or more")
      ?? .unless(atMost >= atLeast, "atMost", atMost, "as much as atLeast or more")
  }
}

extension HedgeDelay: CustomStringConvertible {
  /// Such as `after 50 ms`, or `after percentile 95.0`.
  public var description: String {
    switch kind {
    case .fixed(let nanoseconds): "after \(Duration.nanoseconds(nanoseconds).unitText)"
    case .learned(let learning): "after percentile \(learning.percentile)"
    }
  }
}
