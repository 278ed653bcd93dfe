internal import ResilienceCore

/// A ``BalancingPolicy`` as the state machine reads it.
struct BalancingRules {
  enum Choice {
    case roundRobin
    case leastLoaded
    case soonest
    case byKey
  }

  let choice: Choice
  let decayNanoseconds: Double
  let loadFactor: Double
  let slowStart: SlowStart?
  let panicThreshold: Double
  let zone: String?
  let overprovisioning: Double
  let subsetSize: Int?
  let outliers: OutlierRules?

  init(_ policy: BalancingPolicy) {
    var (decay, loadFactor) = (Int64(10_000_000_000), 1.25)
    switch policy.strategy.kind {
    case .roundRobin: choice = .roundRobin
    case .powerOfTwoChoices: choice = .leastLoaded
    case .peakEWMA(let duration):
      choice = .soonest
      decay = max(1, duration.clampedNanoseconds)
    case .consistentHash(let factor):
      choice = .byKey
      loadFactor = factor
    }
    decayNanoseconds = Double(decay)
    self.loadFactor = loadFactor
    slowStart = policy.slowStart.map(SlowStart.init)
    panicThreshold = policy.panicThreshold
    zone = policy.zone?.name
    overprovisioning = policy.zone?.overprovisioning ?? 1
    subsetSize = policy.subsetSize
    outliers = policy.outliers.map(OutlierRules.init)
  }
}
