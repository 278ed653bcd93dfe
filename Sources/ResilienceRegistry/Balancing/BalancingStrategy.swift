/// How a balancer chooses among the instances that may get the call.
public struct BalancingStrategy: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case roundRobin
    case powerOfTwoChoices
  }

  let kind: Kind

  /// One after the other, in the order of the ids. Even in numbers, blind to load.
  public static let roundRobin = BalancingStrategy(kind: .roundRobin)

  /// Two at random, and of these the one with fewer calls in flight.
  ///
  /// Nearly as even as asking all, at a cost that does not depend on their number, and without the herd that follows
  /// when every caller picks the one least loaded instance (Mitzenmacher, 2001).
  public static let powerOfTwoChoices = BalancingStrategy(kind: .powerOfTwoChoices)
}
