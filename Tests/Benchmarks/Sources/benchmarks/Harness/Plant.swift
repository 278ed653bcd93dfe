import Counters

/// A regression on purpose, which shows that the gate notices one: every gated case does a fifth more than its baseline.
struct Plant: Sendable {
  enum Kind: String, Sendable {
    case instructions, allocations
  }

  let kind: Kind
  let baseline: Baseline

  func planted(in loop: @escaping Row.Loop, of item: Case) -> Row.Loop? {
    guard item.row.isGated, let line = baseline.lines[item.name] else { return nil }
    let (kind, fifth) = (kind, line.instructions / 5)
    return { count in
      switch kind {
      case .instructions: waste_instructions(UInt64((Double(count) * fifth).rounded()))
      case .allocations: waste_allocations(UInt64(count))
      }
      return try await loop(count)
    }
  }
}
