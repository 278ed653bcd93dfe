internal import ResilienceCore

/// An instance that a rule found, by its slot.
struct FoundOutlier: Equatable {
  let slot: Int
  let epoch: UInt64
  let reason: EjectionReason
}

/// Finds outliers in what was counted: gRFC A50's two algorithms. Looks at every instance, and so runs
/// outside the lock.
struct OutlierSweep {
  let rules: OutlierRules

  /// - Parameter draw: Random bits, for rules that are enforced in part.
  func outliers(in counts: [OutcomeCount], draw: UInt64) -> [FoundOutlier] {
    var random = draw
    var found: [FoundOutlier] = []
    if let rule = rules.successRate { find(rule, counts, &random, &found) }
    if let rule = rules.failureRate { find(rule, counts, &random, &found) }
    return found
  }

  private func find(
    _ rule: OutlierPolicy.SuccessRate, _ counts: [OutcomeCount], _ random: inout UInt64,
    _ found: inout [FoundOutlier]
  ) {
    let judged = counts.indices.filter { counts[$0].calls >= rule.minimumCalls }
    guard judged.count >= rule.minimumInstances else { return }
    let rates = judged.map { counts[$0].successRate }
    let mean = rates.reduce(0, +) / Double(rates.count)
    let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rates.count)
    // Never below the floor: where rates differ much, no rate at all is below the mean less the deviations.
    let limit = max(mean - rule.deviations * variance.squareRoot(), rule.floor)
    for (slot, rate) in zip(judged, rates) where rate < limit && isEnforced(rule.enforcement, &random) {
      found.append(
        FoundOutlier(slot: slot, epoch: counts[slot].epoch, reason: .successRate(rate, below: limit)))
    }
  }

  private func find(
    _ rule: OutlierPolicy.FailureRate, _ counts: [OutcomeCount], _ random: inout UInt64,
    _ found: inout [FoundOutlier]
  ) {
    let judged = counts.indices.filter { counts[$0].calls >= rule.minimumCalls }
    guard judged.count >= rule.minimumInstances else { return }
    for slot in judged
    where counts[slot].failureRate > rule.threshold && isEnforced(rule.enforcement, &random) {
      found.append(
        FoundOutlier(
          slot: slot, epoch: counts[slot].epoch,
          reason: .failureRate(counts[slot].failureRate, above: rule.threshold)))
    }
  }

  private func isEnforced(_ share: Double, _ random: inout UInt64) -> Bool {
    guard share < 1 else { return true }
    random = SplitMix64.mix(random &+ SplitMix64.gamma)
    return random.unitInterval < share
  }
}
