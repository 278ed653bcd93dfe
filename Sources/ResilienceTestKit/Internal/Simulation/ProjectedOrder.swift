/// Keeps the order in which some tasks and timers ran, and lets all others run in the plain schedule.
struct ProjectedOrder: Sendable {
  private let bound: Set<UInt64>
  private var turns: ArraySlice<UInt64>

  /// - Parameters:
  ///   - order: What ran, step by step.
  ///   - bound: Those whose order is kept.
  init(_ order: some Sequence<UInt64>, of bound: Set<UInt64>) {
    turns = order.filter(bound.contains)[...]
    self.bound = bound
  }

  mutating func next(_ names: [UInt64]) -> Int {
    guard let turn = turns.first else { return 0 }
    // When all are out of turn, the order cannot be kept here: the oldest runs, a turn earlier than it did.
    let option = names.firstIndex { $0 == turn || !bound.contains($0) } ?? 0
    note(names[option])
    return option
  }

  /// Something ran, with or without a choice.
  mutating func note(_ name: UInt64) {
    if let index = turns.firstIndex(of: name) { turns.remove(at: index) }
  }
}
