/// How ``Simulation/explore(seeds:strategy:stepLimit:repeatingEvery:shrinkingRuns:_:)`` makes a schedule
/// out of a seed.
public struct ExplorationStrategy: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case random
    case preemptions(Int)
  }

  let kind: Kind

  /// Every choice is drawn anew: each of the options is as likely as the others.
  ///
  /// Finds what many schedules have in them, and passes by what needs one task to be slow throughout.
  public static var random: ExplorationStrategy { ExplorationStrategy(kind: .random) }

  /// Tasks and timers have random priorities, what has the highest runs, and at so many random steps the one
  /// that would run falls below all others.
  ///
  /// Finds a mistake that needs `count + 1` orderings with a probability that is known
  /// (``Exploration/chance``): Burckhardt et al., "A Randomized Scheduler with Probabilistic Guarantees of
  /// Finding Bugs", 2010. Most mistakes need one or two.
  ///
  /// - Parameter count: 0 or more; 0 is priorities alone.
  public static func preemptions(_ count: Int) -> ExplorationStrategy {
    precondition(count >= 0, "an exploration's preemptions must be 0 or more, were \(count)")
    return ExplorationStrategy(kind: .preemptions(count))
  }
}
