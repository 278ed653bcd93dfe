import Counters

/// A regression on purpose, which shows that the gate notices one: every gated case takes a fifth more
/// instructions than its baseline, more where it may vary by more than the usual, or a fifth more
/// allocations, but at least one.
struct Plant: Sendable {
  enum Kind: String, Sendable {
    case instructions, allocations
  }

  let kind: Kind
  let baseline: Baseline

  func planted(in loop: @escaping Row.Loop, of item: Case) -> Row.Loop? {
    guard item.row.isGated, let line = baseline.lines[item.name] else { return nil }
    // 0.05 is the usual tolerance.
    let share = 0.15 + max(0.05, item.row.tolerance ?? 0)
    let (kind, instructions) = (kind, line.instructions * share)
    let allocations = (line.allocations / 5).rounded(.up)
    return { count in
      switch kind {
      case .instructions: waste_instructions(UInt64((Double(count) * instructions).rounded()))
      case .allocations: waste_allocations(UInt64(count) * UInt64(max(1, allocations)))
      }
      return try await loop(count)
    }
  }
}
