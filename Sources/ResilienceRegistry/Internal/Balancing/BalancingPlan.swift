/// How to choose by weight or by key. Made from a copy of what is known, outside the lock: it takes as many
/// steps as there are instances. Until it is made anew choices go by the old one, and ask of each slot
/// whether it still counts.
struct BalancingPlan {
  private(set) var order: WeightedOrder?
  private(set) var localOrder: WeightedOrder?
  private(set) var ring: KeyRing?

  init() {}

  /// What a plan is made from.
  struct Source {
    let pool: [Int32]
    let local: [Int32]
    let listed: [Int32]
    let weights: [Double]
    let hashes: [UInt64]
    let isWeighted: Bool
    let isByKey: Bool
  }

  init(_ source: Source) {
    if source.isWeighted {
      order = WeightedOrder(slots: source.pool, weights: source.pool.map { source.weights[Int($0)] })
      localOrder = WeightedOrder(slots: source.local, weights: source.local.map { source.weights[Int($0)] })
    }
    if source.isByKey {
      ring = KeyRing(source.listed.map { (source.hashes[Int($0)], $0) })
    }
  }

  func order(of pool: Pool) -> WeightedOrder? { pool == .local ? localOrder : order }
}
