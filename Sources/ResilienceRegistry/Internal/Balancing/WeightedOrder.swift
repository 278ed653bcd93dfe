/// Whose turn it is where weights differ: the turns of one round laid end to end, and a step that visits each
/// once.
///
/// A round has as many turns as the weights sum up to. The step is near the golden section of a round and has
/// no factor in common with it, so that in a round each turn comes up once, and an instance's turns are
/// spread out. Finding the owner of a turn takes the same time however many there are: a table leads to
/// within one of it on average.
struct WeightedOrder {
  private let slots: [Int32]
  /// Where each one's turns end.
  private let ends: [UInt64]
  /// For equal parts of the round, the first whose turns end after the part begins.
  private let guide: [Int32]
  private let step: UInt64

  /// Turns in a round.
  let turns: UInt64

  /// - Returns: `nil` where all weights are equal, so that no order is needed.
  init?(slots: [Int32], weights: [Double]) {
    guard let first = weights.first, weights.contains(where: { $0 != first }) else { return nil }
    let turns = Self.turns(weights)
    var sum: UInt64 = 0
    let ends = turns.map { count in
      sum += count
      return sum
    }
    self.slots = slots
    self.ends = ends
    self.turns = sum
    step = Self.step(sum)
    var (guide, index) = ([Int32](), 0)
    for part in 0..<slots.count {
      let start = sum.multipliedFullWidth(by: UInt64(part))
      let begin = UInt64(slots.count).dividingFullWidth(start).quotient
      while ends[index] <= begin { index += 1 }
      guide.append(Int32(index))
    }
    self.guide = guide
  }

  func turn(after turn: UInt64) -> UInt64 {
    (turn % turns + step) % turns
  }

  /// The slot whose turn it is.
  func slot(at turn: UInt64) -> Int {
    let turn = turn % turns
    let part = Int(turns.dividingFullWidth(turn.multipliedFullWidth(by: UInt64(slots.count))).quotient)
    var low = Int(guide[part])
    var high = part + 1 < guide.count ? Int(guide[part + 1]) : slots.count - 1
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] > turn { high = middle } else { low = middle + 1 }
    }
    return Int(slots[low])
  }

  /// Whole numbers as they are, others in thousandths; without their common divisor.
  private static func turns(_ weights: [Double]) -> [UInt64] {
    let scale = weights.allSatisfy { $0 == $0.rounded() } ? 1.0 : 1000.0
    let turns = weights.map { UInt64(max(1, ($0 * scale).rounded())) }
    let divisor = turns.reduce(0, commonDivisor)
    return turns.map { $0 / divisor }
  }

  private static func step(_ turns: UInt64) -> UInt64 {
    var step = UInt64(Double(turns) * 0.618_033_988_749_895)
    while step > 1, commonDivisor(step, turns) != 1 { step -= 1 }
    return max(1, step)
  }

  private static func commonDivisor(_ one: UInt64, _ other: UInt64) -> UInt64 {
    var (one, other) = (one, other)
    while other != 0 { (one, other) = (other, one % other) }
    return one
  }
}
