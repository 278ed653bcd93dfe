/// A row in one place: what has a line in the table and in the baseline.
struct Case: Sendable {
  let row: Row
  let place: Place

  var name: String { place == .off ? row.name : "\(row.name) [\(place.rawValue)]" }

  /// The cases that a pattern selects: all without any, the one that is named exactly, else those that contain it.
  static func select(_ patterns: [String], from rows: [Row]) -> [Case] {
    let all = rows.flatMap { row in row.places.map { Case(row: row, place: $0) } }
    let repeated = Dictionary(grouping: all, by: \.name).filter { $0.value.count > 1 }.keys.sorted()
    precondition(repeated.isEmpty, "two rows have one name: \(repeated)")
    guard !patterns.isEmpty else { return all }
    return all.filter { item in
      patterns.contains { pattern in
        item.name == pattern
          || !all.contains { $0.name == pattern }
            && item.name.lowercased().firstRange(of: pattern.lowercased()) != nil
      }
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
