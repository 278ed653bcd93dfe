internal import ResilienceCore

/// How a balancer chooses among the instances that may get the call.
///
/// All of them take the same time however many instances there are, and all heed ``ServiceInstance/weight``:
/// an instance of weight 2 gets twice the calls of one of weight 1 where nothing else tells them apart, one
/// of weight 0 gets none.
public struct BalancingStrategy: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case roundRobin
    case powerOfTwoChoices
    case peakEWMA(decay: Duration)
    case consistentHash(loadFactor: Double)
  }

  let kind: Kind

  /// One after the other, from a place that chance decides. Even in numbers, blind to load.
  ///
  /// Where weights differ the turns are spread out: over as many calls as the weights sum up to each instance
  /// gets exactly its weight, and never all of them in a row.
  public static let roundRobin = BalancingStrategy(kind: .roundRobin)

  /// Two at random, and of these the one with fewer calls in flight.
  ///
  /// Nearly as even as asking all, at a cost that does not depend on their number, and without the herd that
  /// follows when every caller picks the one least loaded instance (Mitzenmacher, 2001).
  public static let powerOfTwoChoices = BalancingStrategy(kind: .powerOfTwoChoices)

  /// Two at random, and of these the one that is expected to answer sooner; see ``peakEWMA(decay:)``. The
  /// decay is 10 s.
  public static let peakEWMA = peakEWMA(decay: .seconds(10))

  /// Two at random, and of these the one that is expected to answer sooner: its latency times the calls that
  /// it has.
  ///
  /// The latency rises at once to that of the slowest answer, and falls slowly (Finagle's peak-sensitive
  /// moving average). The first answer counts in full. A failure counts as at least twice what an answer
  /// takes, and twice as much again each time, so that an instance that fails at once does not look like the
  /// fastest. An instance that was never measured gets one call, and no second before that one has ended.
  ///
  /// - Parameter decay: In which time what was observed fades to a third, more than 0 s. Default elsewhere:
  ///   10 s, as Finagle and Tower.
  public static func peakEWMA(decay: Duration) -> BalancingStrategy {
    make(.peakEWMA(decay: decay))
  }

  /// Calls with one key go to one instance, whoever calls; see ``consistentHash(loadFactor:)``. The load
  /// factor is 1.25.
  public static let consistentHash = consistentHash(loadFactor: 1.25)

  /// Calls with one key go to one instance, whoever calls, as long as it is well and not overloaded.
  ///
  /// When an instance comes or goes, only the keys that it gets or had move (multi-probe consistent hashing;
  /// Appleton and O'Reilly, 2015). An instance that has more than its share of the calls in flight passes
  /// further ones on to the next in its key's order (bounded loads; Mirrokni, Thorup and Zadimoghaddam,
  /// 2016).
  ///
  /// The key comes from the call's input, see ``RegisteredService/balanced(_:onEvent:key:_:)``; a call
  /// without one goes as by ``powerOfTwoChoices``.
  ///
  /// - Parameter loadFactor: The most calls in flight to one instance, as a multiple of its share of all;
  ///   more than 1, at most 100. Default elsewhere: 1.25, as in the paper.
  public static func consistentHash(loadFactor: Double) -> BalancingStrategy {
    make(.consistentHash(loadFactor: loadFactor))
  }

  private static func make(_ kind: Kind) -> BalancingStrategy {
    let strategy = BalancingStrategy(kind: kind)
    if let fault = strategy.fault { preconditionFailure("a balancing strategy's \(fault)") }
    return strategy
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    switch kind {
    case .roundRobin, .powerOfTwoChoices: nil
    case .peakEWMA(let decay): .unless(decay > .zero, "decay", decay, "more than 0s")
    case .consistentHash(let factor):
      .unless(factor > 1 && factor <= 100, "loadFactor", factor, "more than 1 and at most 100")
    }
  }
}

extension BalancingStrategy: CustomStringConvertible {
  /// Such as `round robin`.
  public var description: String {
    switch kind {
    case .roundRobin: "round robin"
    case .powerOfTwoChoices: "power of two choices"
    case .peakEWMA: "peak EWMA"
    case .consistentHash: "consistent hash"
    }
  }
}
