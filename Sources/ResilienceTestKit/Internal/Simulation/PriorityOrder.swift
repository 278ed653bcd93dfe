internal import ResilienceCore

/// Probabilistic concurrency testing (Burckhardt et al., "A Randomized Scheduler with Probabilistic
/// Guarantees of Finding Bugs", 2010): what has the highest priority runs; priorities are random, and at a
/// few random steps the one that would run falls below all others.
struct PriorityOrder: Sendable {
  private let dice: SeededRandomSource
  private let horizon: Int
  private var changes: [Int: UInt64] = [:]
  private var priorities: [UInt64: UInt64] = [:]

  /// - Parameters:
  ///   - changes: How many times a priority falls.
  ///   - horizon: How many steps a run is expected to have: where the changes are drawn from.
  init(seed: UInt64, changes count: Int, horizon: Int) {
    dice = SeededRandomSource(seed: seed)
    self.horizon = max(1, horizon)
    for rank in 0..<count { changes[1 + dice.next(below: self.horizon)] = UInt64(rank) }
  }

  /// How many have been given a priority.
  var count: Int { priorities.count }

  mutating func next(at step: Int, _ names: [UInt64]) -> Int {
    // What polls with a high priority would never let anything else run: far beyond a usual run chance
    // decides.
    guard step / 2 <= horizon else { return dice.next(below: names.count) }
    for name in names where priorities[name] == nil { priorities[name] = dice.next() | 1 << 63 }
    var highest = self.highest(of: names)
    // Steps with a single option ask nobody: a change that fell due meanwhile is made up for.
    for due in changes.keys.filter({ $0 <= step }).sorted() {
      priorities[names[highest]] = changes.removeValue(forKey: due)
      highest = self.highest(of: names)
    }
    return highest
  }

  private func highest(of names: [UInt64]) -> Int {
    var best = 0
    for index in names.indices.dropFirst()
    where (priorities[names[index]] ?? 0) > (priorities[names[best]] ?? 0) {
      best = index
    }
    return best
  }
}
