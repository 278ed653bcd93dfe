/// A row in one place: what has a line in the table and in the baseline.
struct Case: Sendable {
  let row: Row
  let place: Place

  var name: String { place == .off ? row.name : "\(row.name) [\(place.rawValue)]" }

  /// What its name begins with: `breaker` of `breaker: rejection, open`.
  var topic: String { String(row.name.prefix { $0 != ":" }) }

  /// The cases that a pattern selects: all without any, the one that is named exactly, else those that
  /// contain it; then those that they are compared with.
  static func select(_ patterns: [String], from rows: [Row]) -> [Case] {
    let all = rows.flatMap { row in row.places.map { Case(row: row, place: $0) } }
    let repeated = Dictionary(grouping: all, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
    precondition(repeated.isEmpty, "two rows have one name: \(repeated)")
    let names = Set(rows.map(\.name))
    let unknown = Set(rows.flatMap(\.comparedWith)).subtracting(names).sorted()
    precondition(unknown.isEmpty, "rows are compared with these, which there are not: \(unknown)")
    guard !patterns.isEmpty else { return all }
    let selected = all.filter { item in
      patterns.contains { pattern in
        item.name == pattern
          || !all.contains { $0.name == pattern }
            && item.name.lowercased().firstRange(of: pattern.lowercased()) != nil
      }
    }
    let compared = Set(
      selected.flatMap(\.row.comparedWith))
    return selected
      + all.filter { item in
        compared.contains(item.row.name) && !selected.contains { $0.name == item.name }
          && selected.contains { $0.place == item.place }
      }
  }

  /// Does `work` in the place.
  func run<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    switch place {
    case .off: try await Task.detached { try await work() }.value
    case .actor: try await Caller().run(work)
    case .main: try await onMainActor(work)
    }
  }
}

private actor Caller {
  func run<Result: Sendable>(_ work: @Sendable () async throws -> Result) async throws -> Result {
    try await work()
  }
}

@MainActor
private func onMainActor<Result: Sendable>(
  _ work: @Sendable () async throws -> Result
) async throws -> Result {
  try await work()
}
